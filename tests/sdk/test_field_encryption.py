"""Fields encrypted to the lender: nothing can be read, altered, moved or swapped."""

import copy

import pytest
from cf_partner_sdk import KeyNotUsable
from cf_partner_sdk.field_encryption import FieldNotReadable, decrypt, encrypt
from cf_partner_sdk.http_signatures import thumbprint
from cf_partner_sdk.keys import _jwk
from Crypto.PublicKey import RSA

KEY = RSA.generate(2048)
JWK = {**_jwk(KEY), "alg": "RSA-OAEP-256", "purpose": "encryption"}
BUYER = {"name": "张三", "identity_no": "110101199001011237"}
MESSAGE = {"order_no": "A-77", "buyer": BUYER, "phones": ["13800000000", "13900000000"]}
POINTERS = ["/buyer/name", "/buyer/identity_no", "/phones/1"]


@pytest.fixture
def sealed() -> dict:
    return encrypt(MESSAGE, POINTERS, jwk=JWK)


class TestEncrypting:
    def test_comes_back(self, sealed):
        assert decrypt(sealed, POINTERS, key=KEY) == MESSAGE

    def test_leaves_the_rest_and_the_original_alone(self, sealed):
        assert (sealed["order_no"], sealed["phones"][0]) == ("A-77", "13800000000")
        assert MESSAGE["buyer"] == BUYER

    def test_shows_nothing_of_the_fields(self, sealed):
        assert "张三" not in repr(sealed)
        assert "110101199001011237" not in repr(sealed)

    def test_uses_one_content_key_and_a_nonce_for_each_field(self, sealed):
        again = encrypt(MESSAGE, POINTERS, jwk=JWK)
        assert again["encryption"]["key"] != sealed["encryption"]["key"]
        fields = (sealed["buyer"]["name"], sealed["buyer"]["identity_no"], sealed["phones"][1])
        nonces = {field["nonce"] for field in fields}
        assert len(nonces) == 3
        assert sealed["encryption"]["kid"] == thumbprint(JWK)

    @pytest.mark.parametrize(
        "pointer", ["/nobody", "/phones/2", "/phones/x", "buyer", "/buyer/name/b"]
    )
    def test_needs_a_field_to_encrypt(self, pointer):
        with pytest.raises(KeyError):
            encrypt(MESSAGE, [pointer], jwk=JWK)

    def test_needs_a_string(self):
        with pytest.raises(TypeError):
            encrypt(MESSAGE, ["/buyer"], jwk=JWK)

    def test_reaches_names_with_slashes_and_tildes(self):
        message = {"a/b": {"c~d": "secret"}}
        sealed = encrypt(message, ["/a~1b/c~0d"], jwk=JWK)
        assert decrypt(sealed, ["/a~1b/c~0d"], key=KEY) == message

    @pytest.mark.parametrize(
        "change", [{"alg": "PS512"}, {"kty": "EC"}, {"n": "AQAB"}, {"n": None}, {"n": "!!!!"}]
    )
    def test_needs_a_strong_rsa_key_for_this(self, change):
        with pytest.raises(KeyNotUsable):
            encrypt(MESSAGE, POINTERS, jwk={**JWK, **change})


class TestDecrypting:
    def changed(self, sealed, change):
        message = copy.deepcopy(sealed)
        change(message)
        return message

    @pytest.mark.parametrize("part", ["nonce", "ciphertext", "tag"])
    def test_refuses_an_altered_field(self, sealed, part):
        def flip(message):
            text = message["buyer"]["name"][part]
            message["buyer"]["name"][part] = ("B" if text[0] == "A" else "A") + text[1:]

        with pytest.raises(FieldNotReadable):
            decrypt(self.changed(sealed, flip), POINTERS, key=KEY)

    def test_refuses_two_fields_swapped(self, sealed):
        def swap(message):
            buyer = message["buyer"]
            buyer["name"], buyer["identity_no"] = buyer["identity_no"], buyer["name"]

        with pytest.raises(FieldNotReadable):
            decrypt(self.changed(sealed, swap), POINTERS, key=KEY)

    def test_refuses_a_field_of_another_message(self, sealed):
        other = encrypt(MESSAGE, POINTERS, jwk=JWK)

        def take(message):
            message["buyer"] = other["buyer"]

        with pytest.raises(FieldNotReadable):
            decrypt(self.changed(sealed, take), POINTERS, key=KEY)

    @pytest.mark.parametrize(
        "envelope",
        [
            None,
            "none",
            {},
            {"alg": "RSA1_5"},
            {"alg": "RSA-OAEP-256"},
            {"alg": "RSA-OAEP-256", "kid": "x", "key": "AAAA"},
            {"alg": "RSA-OAEP-256", "kid": "x", "key": 7},
        ],
    )
    def test_refuses_another_envelope(self, sealed, envelope):
        with pytest.raises(FieldNotReadable):
            decrypt({**sealed, "encryption": envelope}, POINTERS, key=KEY)

    def test_refuses_another_key_id(self, sealed):
        def rename(message):
            message["encryption"]["kid"] = "other"

        with pytest.raises(FieldNotReadable):
            decrypt(self.changed(sealed, rename), POINTERS, key=KEY)

    def test_refuses_another_private_key(self, sealed):
        with pytest.raises(FieldNotReadable):
            decrypt(sealed, POINTERS, key=RSA.generate(2048))

    @pytest.mark.parametrize("value", ["plain", None, {}, {"enc": "A128GCM"}])
    def test_refuses_a_field_that_is_not_sealed(self, sealed, value):
        with pytest.raises(FieldNotReadable):
            decrypt({**sealed, "buyer": {**sealed["buyer"], "name": value}}, POINTERS, key=KEY)

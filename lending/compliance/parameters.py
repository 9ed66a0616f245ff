"""Every number of regulation, with the days it is in force, its source, and how sure it is.

A gate never holds a number of its own: it is given the parameters of the day. When a rule changes,
a new value is set from its day on and the old one stays for what was done before.
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from lending.compliance import store
from lending.compliance.errors import ParameterAlreadyChanged, ParameterValueInvalid
from lending.compliance.model import Kind, Parameter, Parameters
from lending.foundation import audit, business_day
from lending.foundation.audit import Actor
from lending.foundation.database import Tx

EVER = date(2000, 1, 1)
"""From when on a rule holds that is older than anything this system stores."""

_MEASURES = "消费金融公司管理办法 (NFRA 2024-03-18)"
_ASSISTED = "金规〔2025〕9号"
_DISCLOSURE = "金规〔2026〕2号"
_MARKETING = "金融产品网络营销管理办法 (2026-04-21)"
_INTERNET = "商业银行互联网贷款管理暂行办法 (2020 no. 9)"


def _from(  # noqa: PLR0917 - a row of a table reads best as a row
    code: str, value: str, day: date, confidence: str, source: str, last: date | None = None
) -> Parameter:
    return Parameter(code, value, day, last, source, confidence)


_MICROLENDERS = "小额贷款公司综合融资成本管理工作指引 (2025-12)"
_PROVISION = "银行贷款损失准备计提指引, PBoC 2002, table A"

_COMPLAINTS = "银行业保险业消费投诉处理管理办法, order 2020 no. 3: 15 days, with approval 30 and 60"

DEFAULTS: tuple[Parameter, ...] = (
    _from("exposure.cap_fen", "20000000", EVER, "V", f"R-CAP-20W: {_MEASURES}"),
    _from(
        "purpose.blocked",
        "house,car,stock,fund,bond,futures,derivative,wealth_management,equity,"
        "lending_repay,gambling,business",
        EVER,
        "V",
        f"R-PURPOSE: {_INTERNET}; no house or car purchase: {_MEASURES} (M)",
    ),
    _from(
        "purpose.mcc_blocked",
        "5511,5521,6010,6011,6012,6050,6051,6211,7995",
        EVER,
        "C",
        "R-PURPOSE: card industry codes for cars, cash, securities, betting",
    ),
    _from("scene.blocked", "k12_training,rent_prepaid", EVER, "M", "R-SCENE-BLOCK: 2019-2021 on"),
    _from("student.second_source_required", "on", date(2021, 2, 1), "M", "R-STUDENT: 2021-02"),
    _from("cost.cap_rate", "0.24", date(2025, 10, 1), "V", f"R-COST-24: {_ASSISTED}"),
    _from(
        "cost.cap_rate",
        "0.24",
        date(2017, 8, 1),
        "S",
        "R-COST-24: 法发〔2017〕22号",
        date(2025, 9, 30),
    ),
    _from(
        "cost.basis",
        "nominal",
        EVER,
        "C",
        "R-COST-24: 12 x IRR and the sum of items, or `effective`; no text says which",
    ),
    _from("cost.target_rate", "0.20", date(2025, 10, 1), "S", "R-COST-TARGET: press reports"),
    _from("cost_table.required", "on", date(2026, 8, 1), "V", f"R-COST-TABLE: {_DISCLOSURE}"),
    _from(
        "cost_table.read_seconds_min",
        "10",
        EVER,
        "C",
        f"R-COST-READ: {_DISCLOSURE} names no seconds; ours",
    ),
    _from(
        "fee.names_allowed",
        "interest,fee,guarantee_fee,penalty,prepayment_fee",
        EVER,
        "V",
        f"R-FEE-NAME, R-FEE-WHO: {_ASSISTED}",
    ),
    _from(
        "fee.words_barred",
        "consult,advis,member,vip,咨询,顾问,会员,服务包",
        date(2025, 10, 1),
        "V",
        f"R-FEE-NAME: {_ASSISTED}",
    ),
    _from("penalty.factor_max", "1.5", date(2004, 1, 1), "S", "R-PENALTY-50: 银发〔2003〕251号"),
    _from("penalty.factor_usual", "1.3", date(2004, 1, 1), "S", "R-PENALTY-50: 银发〔2003〕251号"),
    _from("penalty.cap_rate", "0.24", date(2017, 8, 1), "S", "R-PENALTY-50: 法发〔2017〕22号"),
    _from(
        "annual_rate.shown_first", "on", date(2021, 3, 31), "M", "R-DISCLOSE-APR: PBoC 2021 no. 3"
    ),
    _from("payment.entrusted", "on", date(2020, 7, 17), "V", f"R-PAY-ENTRUST: {_INTERNET}"),
    _from(
        "redirect.required", "off", EVER, "S", f"R-REDIRECT: before {_MARKETING}", date(2026, 9, 29)
    ),
    _from("redirect.required", "on", date(2026, 9, 30), "S", f"R-REDIRECT: {_MARKETING}"),
    _from("redirect.hops_max", "1", date(2026, 9, 30), "S", f"R-REDIRECT: {_MARKETING}"),
    _from("guarantee.balance_rate_max", "0.50", date(2024, 4, 18), "V", f"R-GUAR-50: {_MEASURES}"),
    _from(
        "guarantee.start_fen",
        "0",
        EVER,
        "C",
        "R-GUAR-50: up to here guarantees are not measured by all loans, as a book begins; ours",
    ),
    _from(
        "cooperation.fee_rate_max",
        "0.06",
        date(2025, 10, 1),
        "C",
        f"R-FEE-CAP: {_ASSISTED} asks for a cap of the lender's own; of what is lent; ours",
    ),
    _from("lpr.one_year_rate", "0.0300", EVER, "S", "R-COST-LPR4: PBoC, the 20th of each month"),
    _from("microlender.rate_max", "0.24", EVER, "M", f"R-COST-LPR4: {_MICROLENDERS}"),
    _from(
        "microlender.lpr_factor_max",
        "0",
        EVER,
        "V",
        f"R-COST-LPR4: {_MICROLENDERS}; none before",
        date(2027, 12, 30),
    ),
    _from(
        "microlender.lpr_factor_max",
        "4",
        date(2027, 12, 31),
        "V",
        f"R-COST-LPR4: {_MICROLENDERS}",
    ),
    *(
        _from(
            f"platform.{name}",
            value,
            date(2025, 10, 1),
            "C",
            f"{_ASSISTED} asks for indicators by platform and product of the lender's own; ours",
        )
        for name, value in (
            ("month_lent_max_fen", "50000000000"),
            ("growth_rate_max", "0.50"),
            ("concentration_rate_max", "0.30"),
            ("bad_rate_max", "0.05"),
            ("claim_rate_max", "0.10"),
        )
    ),
    _from("joint.share_min", "0.30", date(2021, 2, 1), "V", "R-JOINT-30: 2021-02 notice"),
    _from("joint.partner_rate_max", "0.25", date(2022, 1, 1), "V", "R-JOINT-25: 2021-02 notice"),
    _from("joint.balance_rate_max", "0.50", date(2022, 1, 1), "V", "R-JOINT-50: 2021-02 notice"),
    _from(
        "joint.start_fen",
        "1000000000",
        EVER,
        "C",
        "R-JOINT-50: up to here joint loans are not measured by all loans, as a book begins; ours",
    ),
    _from(
        "capital.tier1_fen",
        "100000000000",
        EVER,
        "C",
        f"R-JOINT-25: own net tier-1 capital; the least that is paid in, {_MEASURES}",
    ),
    _from("joint.warn_first_payment_rate", "0.03", EVER, "C", "JOINT-7: ours"),
    _from("joint.warn_m1_rate", "0.05", EVER, "C", "JOINT-7: ours"),
    _from("joint.warn_concentration_rate", "0.60", EVER, "C", "JOINT-7: ours"),
    _from("liquidity.rate_min", "0.50", date(2024, 4, 18), "V", f"R-LIQ-50: {_MEASURES}"),
    _from("leverage.rate_min", "0.04", date(2024, 4, 18), "S", f"R-LEV-4: {_MEASURES}"),
    _from("provision.normal_rate", "0.01", date(2002, 4, 2), "M", f"R-PROV: {_PROVISION}"),
    _from("provision.special_mention_rate", "0.02", date(2002, 4, 2), "M", f"R-PROV: {_PROVISION}"),
    _from("provision.substandard_rate", "0.25", date(2002, 4, 2), "M", f"R-PROV: {_PROVISION}"),
    _from("provision.doubtful_rate", "0.50", date(2002, 4, 2), "M", f"R-PROV: {_PROVISION}"),
    _from("provision.loss_rate", "1", date(2002, 4, 2), "M", f"R-PROV: {_PROVISION}"),
    *(
        _from(f"complaint.{name}_days", days, date(2020, 3, 1), "M", f"R-COMPLAINT: {_COMPLAINTS}")
        for name, days in (("answer", "15"), ("longer", "30"), ("longest", "60"))
    ),
    _from(
        "store.quick_pay_max_fen",
        "20000",
        EVER,
        "C",
        "STORE-5: the most that a customer may confirm beforehand; ours",
    ),
    _from(
        "security.free_fen",
        "5000000",
        EVER,
        "C",
        "STORE-4: up to here a credit line needs no guarantee; ours",
    ),
    _from("capital.rate_min", "0.105", date(2024, 1, 1), "M", "R-CAR: 资本管理办法"),
)
"""What a new installation starts with."""

_CHOICES = {"cost.basis": ("nominal", "effective")}
_KIND_BY_ENDING = {
    "_rate": Kind.RATE,
    "rate_min": Kind.RATE,
    "rate_max": Kind.RATE,
    "share_min": Kind.RATE,
    "factor_max": Kind.FACTOR,
    "factor_usual": Kind.FACTOR,
    "_fen": Kind.FEN,
    "seconds_min": Kind.COUNT,
    "hops_max": Kind.COUNT,
    "_days": Kind.COUNT,
    "blocked": Kind.WORDS,
    "names_allowed": Kind.WORDS,
    "words_barred": Kind.WORDS,
    "basis": Kind.CHOICE,
    "required": Kind.SWITCH,
    "shown_first": Kind.SWITCH,
    "entrusted": Kind.SWITCH,
}


def kind(code: str) -> Kind:
    """What a parameter's value stands for, read off its name's ending.

    Raises ParameterValueInvalid for a name that tells nothing.
    """
    for ending, found in _KIND_BY_ENDING.items():
        if code.endswith(ending):
            return found
    raise ParameterValueInvalid(f"no parameter is called {code}", field="/code")


def seed(tx: Tx) -> None:
    """Writes the values that are not there yet; what was changed since stays changed."""
    store.lock_parameters(tx)
    known = store.parameters_known(tx)
    store.insert_parameters(tx, [p for p in DEFAULTS if p.code not in known])


def on(tx: Tx, day: date) -> Parameters:
    """What is in force on a day: read once, handed to each gate."""
    return Parameters(day, {p.code: p.value for p in store.parameters_on(tx, day)})


def today(tx: Tx) -> Parameters:
    """What is in force on the open business date."""
    return on(tx, business_day.today(tx))


def value(tx: Tx, code: str, day: date) -> str:
    """One value as it is written.

    Raises ParameterMissing.
    """
    return on(tx, day).text(code)


def history(tx: Tx, code: str) -> list[Parameter]:
    """All values that a parameter had, has and will have."""
    return store.parameter_history(tx, code)


def set_from(tx: Tx, new: Parameter, actor: Actor) -> None:
    """Lets a new value rule from its day on; the one before ends the day before.

    Raises ParameterValueInvalid, ParameterAlreadyChanged when a value starts on that day or later.
    """
    _CHECKS[kind(new.code)](new)
    store.lock_parameters(tx)
    past = store.parameter_history(tx, new.code)
    if not past:
        raise ParameterValueInvalid(f"no parameter is called {new.code}", field="/code")
    if past[-1].valid_from >= new.valid_from:
        raise ParameterAlreadyChanged
    store.end_parameter(tx, new.code, new.valid_from - timedelta(days=1))
    store.insert_parameters(tx, [new])
    audit.record(
        tx,
        actor,
        "regulation.set",
        new.code,
        {"from": past[-1].value, "to": new.value, "valid_from": new.valid_from.isoformat()},
    )


def _number(parameter: Parameter, *, at_most: Decimal) -> None:
    try:
        found = Decimal(parameter.value)
    except InvalidOperation:
        raise ParameterValueInvalid(f"{parameter.value!r} is not a number") from None
    if not (found.is_finite() and 0 <= found <= at_most):
        raise ParameterValueInvalid(f"{parameter.value} is not between 0 and {at_most}")


def _check_rate(parameter: Parameter) -> None:
    _number(parameter, at_most=Decimal(1))


def _check_factor(parameter: Parameter) -> None:
    _number(parameter, at_most=Decimal(10))


def _check_whole(parameter: Parameter) -> None:
    if not (parameter.value.isascii() and parameter.value.isdigit()):
        raise ParameterValueInvalid(f"{parameter.value!r} is not a whole number")


def _check_words(parameter: Parameter) -> None:
    if any(word != word.strip() for word in parameter.value.split(",")):
        raise ParameterValueInvalid("write the words with commas between them and no spaces")


def _check_choice(parameter: Parameter) -> None:
    if parameter.value not in _CHOICES[parameter.code]:
        raise ParameterValueInvalid(f"choose one of {', '.join(_CHOICES[parameter.code])}")


def _check_switch(parameter: Parameter) -> None:
    if parameter.value not in {"on", "off"}:
        raise ParameterValueInvalid("write on or off")


_CHECKS: dict[Kind, Callable[[Parameter], None]] = {
    Kind.RATE: _check_rate,
    Kind.FACTOR: _check_factor,
    Kind.FEN: _check_whole,
    Kind.COUNT: _check_whole,
    Kind.WORDS: _check_words,
    Kind.CHOICE: _check_choice,
    Kind.SWITCH: _check_switch,
}

// A partner that uses npm's http-message-signatures and has never heard of our SDK.
// Reads one job as JSON from standard input, writes what it found as JSON.

import crypto from 'node:crypto';
import http from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(process.cwd() + '/');
const { httpbis, createSigner, createVerifier } = require('http-message-signatures');

const DIRECTORY = '/.well-known/http-message-signatures-directory';
const RESPONSE_FIELDS = ['@status', 'request-id', 'content-type', 'content-digest'];

function digest(body) {
  return `sha-256=:${crypto.createHash('sha256').update(body).digest('base64')}:`;
}

function send(job, method, path, headers, body) {
  // The name is the lender's, the connection goes to the port of the test.
  const host = new URL(job.base_url).host;
  return new Promise((resolve, reject) => {
    const sent = http.request(
      { host: '127.0.0.1', port: job.port, method, path, headers: { ...headers, host } },
      (answer) => {
        const parts = [];
        answer.on('data', (part) => parts.push(part));
        answer.on('end', () =>
          resolve({
            status: answer.statusCode,
            headers: answer.headers,
            body: Buffer.concat(parts),
          }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

function lookup(keys, purpose) {
  return async ({ keyid }) => {
    const jwk = keys.find((each) => each.kid === keyid && purpose(each));
    if (!jwk) return null;
    const key = crypto.createPublicKey({ key: jwk, format: 'jwk' });
    return { id: keyid, algs: ['ed25519'], verify: createVerifier(key, 'ed25519') };
  };
}

async function proves(keys, purpose, fields, message, body, request) {
  if (message.headers['content-digest'] !== digest(body)) return 'digest';
  const config = {
    keyLookup: lookup(keys, purpose),
    requiredFields: fields,
    requiredParams: ['created', 'expires', 'keyid', 'tag'],
    tolerance: 30,
  };
  try {
    return (await httpbis.verifyMessage(config, message, request)) === true ? 'proved' : 'not proved';
  } catch (fault) {
    return fault.constructor.name;
  }
}

async function directory(job) {
  const answer = await send(job, 'GET', DIRECTORY, {}, undefined);
  const { keys } = JSON.parse(answer.body);
  const request = { method: 'GET', url: job.base_url + DIRECTORY, headers: {} };
  const byRoot = (each) => each.kid === job.root_keyid;
  const found = await proves(keys, byRoot, RESPONSE_FIELDS, answer, answer.body, request);
  if (found !== 'proved') throw new Error(`the directory: ${found}`);
  return keys;
}

function signerOf({ pem, algorithm, keyid }) {
  const key = crypto.createPrivateKey(pem);
  if (algorithm !== 'rsa-pss-sha512') return createSigner(key, algorithm, keyid);
  // The library's own takes the longest salt; RFC 9421 section 3.3.1 asks for 64 bytes.
  const pss = { key, padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 };
  return { id: keyid, alg: algorithm, sign: async (data) => crypto.sign('sha512', data, pss) };
}

async function call(job, keys) {
  const body = Buffer.from(job.body);
  const url = job.base_url + job.path;
  const plain = {
    'content-type': 'application/json',
    'content-digest': digest(body),
    'idempotency-key': job.idempotency_key,
  };
  const request = await httpbis.signMessage(
    {
      key: signerOf(job),
      fields: ['@method', ...job.target, ...Object.keys(plain)],
      params: ['created', 'expires', 'nonce', 'keyid', 'alg', 'tag'],
      paramValues: {
        created: new Date(),
        expires: new Date(Date.now() + 60_000),
        nonce: crypto.randomBytes(24).toString('base64url'),
        tag: 'cf-partner-1-request',
      },
    },
    { method: 'POST', url, headers: plain },
  );
  const answer = await send(job, 'POST', job.path, request.headers, job.sent_body ?? body);
  const response = (each) => each.purpose === 'response';
  const altered = Buffer.from(answer.body.toString().replace('"id"', '"no"'));
  return {
    status: answer.status,
    body: JSON.parse(answer.body),
    answer: await proves(keys, response, RESPONSE_FIELDS, answer, answer.body, request),
    altered: await proves(keys, response, RESPONSE_FIELDS, answer, altered, request),
    other_status: await proves(
      keys, response, RESPONSE_FIELDS, { ...answer, status: 299 }, answer.body, request,
    ),
    other_request: await proves(
      keys, response, RESPONSE_FIELDS, answer, answer.body, { ...request, method: 'PUT' },
    ),
  };
}

async function event(job, keys) {
  const fields = ['@method', 'webhook-id', 'webhook-timestamp', 'content-type', 'content-digest'];
  const message = { method: 'POST', url: job.event.url, headers: job.event.headers };
  const body = Buffer.from(job.event.body);
  const ours = (each) => each.purpose === 'event';
  const other = { ...message, headers: { ...message.headers, 'webhook-id': 'evt_other' } };
  return {
    event: await proves(keys, ours, fields, message, body),
    other_id: await proves(keys, ours, fields, other, body),
  };
}

const parts = [];
for await (const part of process.stdin) parts.push(part);
const job = JSON.parse(Buffer.concat(parts));
const keys = await directory(job);
const calls = [];
for (const each of job.calls ?? []) calls.push(await call({ ...job, ...each }, keys));
const found = { calls, ...(job.event ? await event(job, keys) : {}) };
process.stdout.write(JSON.stringify(found));

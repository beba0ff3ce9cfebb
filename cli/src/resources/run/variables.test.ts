import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReadyDocument } from '@acrux/shared/wire/ready-document.ts'
import { variablesOf } from './variables.ts'

const ready: ReadyDocument = {
  url: 'http://localhost:40123',
  control: 'http://127.0.0.1:40124',
  controlToken: 'token',
  pid: 1,
  resourceGroup: 'default',
  registry: 'acrux',
  loginServer: 'localhost:40123',
  tenantId: 'tenant',
  subscriptionId: 'subscription',
  owner: { appId: 'app', secret: 'secret' },
  caFile: null,
  caBundleFile: null,
  trustStoreFile: null,
}

const withoutTrust = {
  ACRUX_READY_FILE: '/tmp/ready.json',
  ACRUX_LOGIN_SERVER: 'localhost:40123',
  AZURE_AUTHORITY_HOST: 'http://localhost:40123',
  AZURE_TENANT_ID: 'tenant',
  AZURE_CLIENT_ID: 'app',
  AZURE_CLIENT_SECRET: 'secret',
  AZURE_SUBSCRIPTION_ID: 'subscription',
  ARM_METADATA_HOSTNAME: 'localhost:40123',
}

test('an emulator without HTTPS needs no variables for trust', () => {
  assert.deepEqual(variablesOf(ready, '/tmp/ready.json', {}), withoutTrust)
})

test('the variables for trust name the authority alone, the bundle and the trust store', () => {
  const files = { caFile: '/ca.pem', caBundleFile: '/bundle.pem', trustStoreFile: '/trust.p12' }
  const expected = {
    ...withoutTrust,
    NODE_EXTRA_CA_CERTS: '/ca.pem',
    CURL_CA_BUNDLE: '/bundle.pem',
    REQUESTS_CA_BUNDLE: '/bundle.pem',
    SSL_CERT_FILE: '/bundle.pem',
    JAVA_TOOL_OPTIONS: '-Djavax.net.ssl.trustStore=/trust.p12 -Djavax.net.ssl.trustStoreType=PKCS12',
  }
  assert.deepEqual(variablesOf({ ...ready, ...files }, '/tmp/ready.json', {}), expected)
})

test('the options of Java follow existing options, and a path with a blank is quoted', () => {
  const values = { ...ready, trustStoreFile: '/a b/trust.p12' }
  const { JAVA_TOOL_OPTIONS } = variablesOf(values, '/tmp/ready.json', { JAVA_TOOL_OPTIONS: '-Xmx64m' })
  assert.match(JAVA_TOOL_OPTIONS ?? '', /^-Xmx64m "-Djavax\.net\.ssl\.trustStore=\/a b\/trust\.p12" -D/)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GraphError } from './errors.ts'
import { filterableApplications, filterableServicePrincipals, filterableUsers, parseFilter } from './filter.ts'
import { leastMilliseconds } from '../../../testing/platform/test-patience.ts'

const appId = '7f951dda-4ed3-4680-a7ca-43fe172d538d'

// prettier-ignore
const sentByAz = [
  { list: filterableApplications,      filter: `appId eq '${appId}'`,                                  means: [{ by: 'app-id', value: appId }] },
  { list: filterableApplications,      filter: "startswith(displayName,'ci-sp')",                      means: [{ by: 'display-name-prefix', value: 'ci-sp' }] },
  { list: filterableApplications,      filter: "identifierUris/any(s:s eq 'api://Ci')",                means: [{ by: 'identifier-uri', value: 'api://ci' }] },
  { list: filterableServicePrincipals, filter: "displayName eq 'CI sp'",                               means: [{ by: 'display-name', value: 'ci sp' }] },
  { list: filterableServicePrincipals, filter: `servicePrincipalNames/any(c:c eq '${appId}')`,         means: [{ by: 'service-principal-name', value: appId }] },
  { list: filterableUsers,             filter: "userPrincipalName eq 'Alice@contoso.example'",         means: [{ by: 'user-principal-name', value: 'alice@contoso.example' }] },
  { list: filterableUsers,             filter: "startswith(displayName,'O''Brien')",                   means: [{ by: 'display-name-prefix', value: "o'brien" }] },
  { list: filterableApplications,      filter: `appId eq '${appId}' and startswith(displayName,'a')`,  means: [{ by: 'app-id', value: appId }, { by: 'display-name-prefix', value: 'a' }] },
] as const

for (const { list, filter, means } of sentByAz) {
  test(`the filter ${filter} of az is supported [azure-cli 2.74 role/custom.py]`, () => {
    assert.deepEqual(parseFilter<unknown>(list, filter), means)
  })
}

// prettier-ignore
const rejected = [
  { filter: '',                                                  why: 'it is empty' },
  { filter: "passwordHash eq 'x'",                               why: 'there is no such property' },
  { filter: "startswith(secret_hash,'a')",                       why: 'a hash could be guessed character by character' },
  { filter: "appId ne 'x'",                                      why: 'another operator' },
  { filter: "appId eq 'x' or appId eq 'y'",                      why: 'another conjunction' },
  { filter: "not(appId eq 'x')",                                 why: 'a negation' },
  { filter: "contains(displayName,'a')",                         why: 'another function' },
  { filter: "startswith(appId,'7')",                             why: 'ids are matched as a whole' },
  { filter: "displayName eq 'it's'",                             why: 'the quote is not doubled' },
  { filter: "displayName eq 'a'; drop table application",        why: 'something follows' },
  { filter: "displayName eq 'a' and ",                           why: 'nothing follows' },
  { filter: "displayName eq 'a'displayName eq 'b'",              why: 'no conjunction' },
  { filter: 'displayName eq "a"',                                why: 'other quotes' },
  { filter: "displayName eq 'a\u0000'",                          why: 'a NUL, which PostgreSQL cannot store' },
  { filter: "displayName eq '\ud800'",                           why: 'half of a character' },
  { filter: "displayName eq ''",                                 why: 'an empty name' },
  { filter: "identifierUris/any(s:t eq 'x')",                    why: 'the range variable differs' },
  { filter: "constructor eq 'x'",                                why: "a property of every object's prototype" },
  { filter: Array.from({ length: 5 }, () => "displayName eq 'a'").join(' and '), why: 'too many terms' },
  { filter: `displayName eq '${'a'.repeat(3000)}'`,              why: 'too long' },
]

for (const { filter, why } of rejected) {
  test(`the filter ${JSON.stringify(filter).slice(0, 60)} is rejected: ${why}`, () => {
    assert.throws(
      () => parseFilter(filterableApplications, filter),
      (error: unknown) => {
        assert.ok(error instanceof GraphError)
        assert.equal(error.status, 400)
        return true
      },
    )
  })
}

test('a filter of a hundred thousand quotes is rejected within 100 ms', async () => {
  const filter = `displayName eq '${"''".repeat(100_000)}`
  const { took } = await leastMilliseconds(5, {
    took: () => assert.throws(() => parseFilter(filterableApplications, filter), GraphError),
  })
  assert.ok(took < 100, `${took} ms`)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  formatClaimsExpression,
  parseClaimsExpression,
  trustHint,
  trustKey,
  trustKeysOf,
  trustText,
  trusts,
} from './federated-trust.ts'

const claimsOf = (claims: Record<string, string>) => ({
  subject: claims['sub'] ?? '',
  claim: (name: string) => (Object.hasOwn(claims, name) ? claims[name] : undefined),
})

const subject = (text: string) => ({ kind: 'subject', subject: text }) as const

function claims(expression: string) {
  const equalities = parseClaimsExpression(expression)
  assert.ok(equalities, expression)
  return { kind: 'claims', equalities } as const
}

// prettier-ignore
const expressions: readonly (readonly [expression: string, isOne: boolean, why: string])[] = [
  ["claims['repository_id'] eq '1'",                                        true,  'an immutable id'],
  ["claims['repository_id'] eq '1' and claims['environment'] eq 'prod'",    true,  'an id and more'],
  ["claims['sub'] eq 'it''s'",                                              true,  'a quote is doubled'],
  ["claims['project_id']  eq  '1'  and  claims['ref'] eq 'main'",           true,  'blanks'],
  ["claims['ref'] eq 'refs/heads/main'",                                    false, 'everybody has this branch'],
  ["claims['repository'] eq 'a/b'",                                         false, 'a name that another can have'],
  ["claims['actor'] eq 'me' and claims['ref'] eq 'main'",                   false, 'nothing that identifies'],
  ["claims['repository_id'] matches '1*'",                                  false, 'a pattern'],
  ["claims['repository_id'] eq '1' or claims['repository_id'] eq '2'",      false, 'no alternatives'],
  ["claims['repository_id'] eq '1' and claims['repository_id'] eq '2'",     false, 'the same claim twice'],
  ["claims['repository_id'] eq ''",                                         false, 'no value'],
  ["claims['repository_id'] eq 'a\u0000'",                                  false, 'a control character'],
  ["claims['repository_id'] eq '1",                                         false, 'no end'],
  ["claims['repository_id'] eq '1' and ",                                   false, 'no second term'],
  ["claims['repository_id'] eq '1';",                                       false, 'something after it'],
  ["claims['repository_id'] EQ '1'",                                        false, 'another spelling'],
  ["claims['__proto__'] eq '1'",                                            false, 'nobody'],
  ['',                                                                      false, 'nothing'],
  [`claims['sub'] eq '${'x'.repeat(601)}'`,                                 false, 'too long a value'],
]

test('a trust in claims consists of equalities, one of which identifies the workload', () => {
  for (const [expression, isOne, why] of expressions) {
    assert.equal(parseClaimsExpression(expression) !== undefined, isOne, `${expression}: ${why}`)
  }
})

test('a formatted expression parses to the same claims', () => {
  const value = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    .filter((text) => !/[\p{Cc}\u2028\u2029]/u.test(text))
  fc.assert(
    fc.property(value, value, (id, ref) => {
      const equalities = [
        { claim: 'ref', value: ref },
        { claim: 'repository_id', value: id },
      ]
      assert.deepEqual(parseClaimsExpression(formatClaimsExpression(equalities)), equalities)
    }),
  )
})

test('fault 14: subjects are compared exactly, so a delimiter in a name cannot produce another subject', () => {
  const pairs = [
    ['repo:a-b/c:ref:refs/heads/main', 'repo:a/b-c:ref:refs/heads/main'],
    ['repo:a/b:environment:prod', 'repo:a/b:environment:prod:ref:refs/heads/main'],
    ['repo:a/b:environment:prod', 'repo:a/b:environment:Prod'],
    ['repo:a/b:environment:prod', 'repo:a/b:environment:prod '],
    ['repo:a/b:ref:refs/heads/main', 'repo:a/b:ref:refs/heads/main2'],
    ['repo:a/*', 'repo:a/b'],
    ['repo:a/b', 'repo:a%2Fb'],
    ['caf\u00e9', 'cafe\u0301'],
  ]
  for (const [wanted = '', offered = ''] of pairs) {
    assert.equal(trusts(subject(wanted), claimsOf({ sub: offered })), false, `${wanted} and ${offered}`)
    assert.equal(trusts(subject(wanted), claimsOf({ sub: wanted })), true)
  }
  const part = fc.string({ unit: fc.constantFrom('a', 'b', '-', '/', ':', '@', '.'), maxLength: 12 })
  fc.assert(
    fc.property(part, part, (one, other) => {
      assert.equal(trusts(subject(`repo:${one}`), claimsOf({ sub: `repo:${other}` })), one === other)
    }),
  )
})

test('fault 14: a later owner of a repository name does not have its id', () => {
  const name = { sub: 'repo:octo/app:ref:refs/heads/main', repository: 'octo/app', ref: 'refs/heads/main' }
  const first = claimsOf({ ...name, repository_id: '1001', repository_owner_id: '51' })
  const later = claimsOf({ ...name, repository_id: '9009', repository_owner_id: '88' })
  const byName = subject(name.sub)
  const byId = claims("claims['repository_id'] eq '1001' and claims['ref'] eq 'refs/heads/main'")
  assert.deepEqual([trusts(byName, first), trusts(byName, later)], [true, true])
  assert.deepEqual([trusts(byId, first), trusts(byId, later)], [true, false])
  const renamed = claimsOf({ sub: 'repo:octo/new:ref:refs/heads/main', ref: 'refs/heads/main', repository_id: '1001' })
  assert.equal(trusts(byId, renamed), true)
})

test('fault 14: a claim cannot imitate another claim', () => {
  const trust = claims("claims['repository_id'] eq '1' and claims['environment'] eq 'prod'")
  // Whoever may name an environment could write this subject.
  assert.equal(
    trusts(
      trust,
      claimsOf({ sub: 'repo:a/b:environment:prod:repository_id:1', repository_id: '2', environment: 'prod' }),
    ),
    false,
  )
  assert.equal(trusts(trust, claimsOf({ sub: 'x', repository_id: '1', environment: 'prod:repository_id:1' })), false)
  assert.equal(trusts(trust, claimsOf({ sub: 'x', repository_id: '1' })), false)
  assert.equal(trusts(trust, { subject: 'x', claim: () => undefined }), false)
})

test('every trusted token finds its trust, and only equal trusts have the same text', () => {
  const trustsIn = [
    subject('repository_id=1'),
    subject('1'),
    claims("claims['sub'] eq '1'"),
    claims("claims['repository_id'] eq '1'"),
    claims("claims['repository_id'] eq '1' and claims['ref'] eq 'x'"),
    claims("claims['repository_owner_id'] eq '1'"),
  ]
  assert.equal(new Set(trustsIn.map(trustText)).size, trustsIn.length)
  for (const trust of trustsIn) {
    const token =
      trust.kind === 'subject'
        ? claimsOf({ sub: trust.subject })
        : claimsOf({ sub: 'x', ...Object.fromEntries(trust.equalities.map(({ claim, value }) => [claim, value])) })
    assert.ok(trustKeysOf(token).includes(trustKey(trust)), trustText(trust))
  }
})

test('fault 14: immutable ids are suggested for subjects that are made of names', () => {
  const gitHub = 'https://token.actions.githubusercontent.com'
  assert.match(trustHint(gitHub, subject('repo:octo/app:ref:refs/heads/main')) ?? '', /repository_id/)
  assert.match(trustHint(`${gitHub}/octo`, subject('repo:octo/app:pull_request')) ?? '', /repository_id/)
  assert.match(
    trustHint('https://gitlab.example', subject('project_path:g/p:ref_type:branch:ref:main')) ?? '',
    /project_id/,
  )
  assert.equal(trustHint(gitHub, subject('repo:octo@51/app@1001:ref:refs/heads/main')), undefined)
  assert.equal(trustHint(gitHub, claims("claims['repository_id'] eq '1'")), undefined)
  assert.equal(trustHint('https://cluster.example', subject('system:serviceaccount:ns:name')), undefined)
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { loadConfiguration } from '../../configuration/index.ts'
import { readUpstreamPerson } from './claims.ts'

const provider = {
  name: 'contoso',
  displayName: 'Contoso',
  issuer: 'https://id.contoso.example',
  clientId: 'acrux',
  clientSecretFile: 'secret',
}

/** The person of these claims, or why they are denied. */
async function read(claims: Readonly<Record<string, unknown>>, extra: object = {}) {
  const flags = { identityProviders: JSON.stringify([{ ...provider, ...extra }]) }
  const [settings] = (await loadConfiguration({ flags })).identityProviders
  assert.ok(settings !== undefined)
  const result = readUpstreamPerson(settings, { iss: provider.issuer, sub: 'alice-1', ...claims })
  return 'person' in result ? result.person : result.failure
}

describe('the claims of a person', () => {
  const cases: readonly { why: string; claims: Record<string, unknown>; extra?: object; expected: unknown }[] = [
    { why: 'no groups claim means no groups', claims: {}, expected: [] },
    { why: 'duplicate groups are removed', claims: { groups: ['x', 'x'] }, expected: ['x'] },
    {
      why: 'the configured claim is read',
      claims: { roles: ['x'] },
      extra: { groupsClaim: 'roles' },
      expected: ['x'],
    },
    { why: 'a single text is denied', claims: { groups: 'x' }, expected: 'groups-unreadable' },
    { why: 'numbers are denied', claims: { groups: [1] }, expected: 'groups-unreadable' },
    {
      why: 'a list that is too long is denied',
      claims: { groups: Array.from({ length: 1001 }, (_, at) => `g${at}`) },
      expected: 'groups-unreadable',
    },
    { why: 'a group with a line break is denied', claims: { groups: ['a\nb'] }, expected: 'groups-unreadable' },
    {
      why: 'groups that are only referenced are denied',
      claims: { _claim_names: { groups: 'src1' } },
      expected: 'groups-left-out',
    },
    {
      why: 'groups that are only indicated by a flag are denied',
      claims: { hasgroups: true },
      expected: 'groups-left-out',
    },
    {
      why: 'a person without the required group is denied',
      claims: { groups: ['x'] },
      extra: { requireGroup: 'y' },
      expected: 'group-missing',
    },
    {
      why: 'a person with the required group is accepted',
      claims: { groups: ['y'] },
      extra: { requireGroup: 'y' },
      expected: ['y'],
    },
  ]
  for (const { why, claims, extra, expected } of cases) {
    test(why, async () => {
      const result = await read(claims, extra)
      assert.deepEqual(typeof result === 'object' ? result.groups : result, expected)
    })
  }

  test('show more than one factor by amr, or by a configured value of acr', async () => {
    for (const [claims, expected] of [
      [{ amr: ['pwd', 'mfa'] }, ['fed', 'mfa']],
      [{ acr: 'gold' }, ['fed', 'mfa']],
      [{ acr: 'silver', amr: ['pwd'] }, ['fed']],
      [{ amr: 'mfa' }, ['fed']],
    ] as const) {
      const result = await read(claims, { mfaAcrValues: ['gold'] })
      assert.deepEqual(typeof result === 'object' ? result.methods : result, expected)
    }
  })

  test('have an e-mail address unless the provider says, in any form, that it is not verified', async () => {
    for (const [verified, expected] of [
      [undefined, 'a@contoso.example'],
      [true, 'a@contoso.example'],
      ['true', 'a@contoso.example'],
      [false, undefined],
      ['false', undefined],
      [0, undefined],
      [null, undefined],
      ['yes', undefined],
    ] as const) {
      const result = await read({ email: 'a@contoso.example', email_verified: verified })
      assert.ok(typeof result === 'object')
      assert.equal(result.mail, expected, String(verified))
    }
  })

  test('have no invisible or directional characters', async () => {
    const result = await read({ name: 'Al\u202eice\u0000\n', email: 5 })
    assert.ok(typeof result === 'object')
    assert.deepEqual([result.displayName, result.mail], ['Alice', undefined])
  })

  test('have the signed subject, which must be printable ASCII', async () => {
    for (const sub of ['', ' ', 'a b', 'é', 'x'.repeat(256), 'a\u0000'])
      assert.equal(await read({ sub }), 'bad-answer', sub)
    const result = await read({ sub: 'Alice', oid: 'other', email: 'bob@contoso.example' })
    assert.ok(typeof result === 'object')
    assert.deepEqual([result.issuer, result.subject], [provider.issuer, 'Alice'])
  })

  test('have the time of the authentication if it is a number', async () => {
    for (const [authTime, expected] of [
      [1_700_000_000, 1_700_000_000_000],
      ['1700000000', undefined],
      [-1, undefined],
    ] as const) {
      const result = await read({ auth_time: authTime })
      assert.equal(typeof result === 'object' ? result.authenticatedAtMs : result, expected)
    }
  })
})

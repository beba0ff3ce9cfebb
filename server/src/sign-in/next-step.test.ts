import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Flow } from './flow.ts'
import { type Demand, nextStep } from './next-step.ts'
import type { Account, BrowserSession, PendingAccount } from './sessions.ts'

const startedAtMs = 1_000_000

function account(name: string, authenticatedAtMs = startedAtMs - 1000): Account {
  const user = {
    objectId: name,
    userPrincipalName: `${name}@contoso.example`,
    displayName: name,
    enabled: true,
    mail: undefined,
    external: false,
    mustChangePassword: false,
    authenticationRevision: 0,
  }
  return { user, signInId: `sign-in of ${name}`, methods: ['pwd'], authenticatedAtMs }
}

const alice = account('alice')
const bob = account('bob')
const pendingAlice: PendingAccount = { ...account('alice', startedAtMs + 1), remaining: ['second-factor'] }

const session = (accounts: readonly Account[], pending?: PendingAccount): BrowserSession => ({ accounts, pending })

const any: Demand = { isToChoose: false, authenticatedAfterMs: undefined }
const choosing: Demand = { ...any, isToChoose: true }
const anew: Demand = { ...any, authenticatedAfterMs: startedAtMs }

type Case = readonly [
  why: string,
  flow: Partial<Flow>,
  demand: Demand,
  session: BrowserSession | undefined,
  expected: string,
]

// prettier-ignore
const cases: readonly Case[] = [
  ['nobody is signed in',                                   {},                                     any,      undefined,                                'prove'],
  ['a hint is passed on',                                   { hint: 'carol@contoso.example' },      any,      undefined,                                'prove carol@contoso.example'],
  ['the one account is taken',                              {},                                     any,      session([alice]),                         'proved alice'],
  ['of two nobody knows which',                             {},                                     any,      session([alice, bob]),                    'choose'],
  ['the one account is not taken unasked',                  {},                                     choosing, session([alice]),                         'choose'],
  ['what was chosen is taken',                              { chosen: 'bob' },                      choosing, session([alice, bob]),                    'proved bob'],
  ['what was chosen is not signed in any more',             { chosen: 'bob' },                      choosing, session([alice]),                         'prove'],
  ['a hint chooses',                                        { hint: 'BOB@contoso.example' },        any,      session([alice, bob]),                    'proved bob'],
  ['a hint does not choose for whoever is to choose',       { hint: 'bob@contoso.example' },        choosing, session([alice, bob]),                    'choose'],
  ['a hint that is nobody here is asked for',               { hint: 'carol@contoso.example' },      any,      session([alice]),                         'prove carol@contoso.example'],
  ['another account is wanted',                             { wantsAnother: true },                 any,      session([alice]),                         'prove'],
  ['the proof is too old',                                  {},                                     anew,     session([alice]),                         'prove alice@contoso.example'],
  ['the proof is too old, though chosen',                   { chosen: 'alice' },                    anew,     session([alice, bob]),                    'prove alice@contoso.example'],
  ['the proof is new enough',                               { chosen: 'alice' },                    anew,     session([account('alice', startedAtMs)]), 'proved alice'],
  ['half of the proof is there',                            { chosen: 'alice' },                    any,      session([], pendingAlice),                'go-on alice'],
  ['half of a new proof is there, beside an old one',       { chosen: 'alice' },                    anew,     session([alice], pendingAlice),           'go-on alice'],
  ['half of the proof of somebody else is nothing',         { chosen: 'bob' },                      any,      session([], pendingAlice),                'prove'],
  ['half of a proof alone is nobody',                       {},                                     any,      session([], pendingAlice),                'prove'],
]

for (const [why, change, demand, given, expected] of cases) {
  test(`the next step is "${expected}" when ${why}`, () => {
    const flow: Flow = { kind: 'device', userCode: 'X', startedAtMs, ...change } as Flow
    const step = nextStep(flow, demand, given)
    const about = step.kind === 'choose' ? undefined : step.kind === 'prove' ? step.hint : step.account.user.objectId
    assert.equal(about === undefined ? step.kind : `${step.kind} ${about}`, expected)
  })
}

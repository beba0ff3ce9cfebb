import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Flow } from './flow.ts'
import { type Requirement, nextStep } from './next-step.ts'
import type { Account, BrowserSession, PendingAccount } from '../sessions/sessions.ts'

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

const anyAccount: Requirement = { mustChooseAccount: false, authenticatedAfterMs: undefined }
const choice: Requirement = { ...anyAccount, mustChooseAccount: true }
const fresh: Requirement = { ...anyAccount, authenticatedAfterMs: startedAtMs }

type Case = readonly [
  why: string,
  flow: Partial<Flow>,
  requirement: Requirement,
  session: BrowserSession | undefined,
  expected: string,
]

// prettier-ignore
const cases: readonly Case[] = [
  ['nobody is signed in',                                                 {},                                anyAccount, undefined,                                'authenticate'],
  ['nobody is signed in and there is a hint',                             { hint: 'carol@contoso.example' }, anyAccount, undefined,                                'authenticate carol@contoso.example'],
  ['one account is signed in',                                            {},                                anyAccount, session([alice]),                         'authenticated alice'],
  ['two accounts are signed in',                                          {},                                anyAccount, session([alice, bob]),                    'choose-account'],
  ['one account is signed in, but a choice is required',                  {},                                choice,     session([alice]),                         'choose-account'],
  ['the chosen account is signed in',                                     { chosen: 'bob' },                 choice,     session([alice, bob]),                    'authenticated bob'],
  ['the chosen account is no longer signed in',                           { chosen: 'bob' },                 choice,     session([alice]),                         'authenticate'],
  ['the hint names one of two accounts',                                  { hint: 'BOB@contoso.example' },   anyAccount, session([alice, bob]),                    'authenticated bob'],
  ['the hint names an account, but a choice is required',                 { hint: 'bob@contoso.example' },   choice,     session([alice, bob]),                    'choose-account'],
  ['the hint names an account that is not signed in',                     { hint: 'carol@contoso.example' }, anyAccount, session([alice]),                         'authenticate carol@contoso.example'],
  ['the person wants another account',                                    { wantsAnotherAccount: true },     anyAccount, session([alice]),                         'authenticate'],
  ['the authentication is too old',                                       {},                                fresh,      session([alice]),                         'authenticate alice@contoso.example'],
  ['the authentication of the chosen account is too old',                 { chosen: 'alice' },               fresh,      session([alice, bob]),                    'authenticate alice@contoso.example'],
  ['the authentication is fresh',                                         { chosen: 'alice' },               fresh,      session([account('alice', startedAtMs)]), 'authenticated alice'],
  ['the chosen account is pending',                                       { chosen: 'alice' },               anyAccount, session([], pendingAlice),                'pending alice'],
  ['the chosen account is pending and has an earlier authentication',     { chosen: 'alice' },               fresh,      session([alice], pendingAlice),           'pending alice'],
  ['another account than the chosen one is pending',                      { chosen: 'bob' },                 anyAccount, session([], pendingAlice),                'authenticate'],
  ['an account is pending that the flow did not choose',                  {},                                anyAccount, session([], pendingAlice),                'authenticate'],
]

for (const [why, change, requirement, given, expected] of cases) {
  test(`the next step is "${expected}" when ${why}`, () => {
    const flow: Flow = { kind: 'device', userCode: 'X', startedAtMs, ...change } as Flow
    const next = nextStep(flow, requirement, given)
    const name =
      next.kind === 'choose-account' ? undefined : next.kind === 'authenticate' ? next.hint : next.account.user.objectId
    assert.equal(name === undefined ? next.kind : `${next.kind} ${name}`, expected)
  })
}

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { DatabaseKind } from '../../src/platform/sql/database.ts'
import { type GraphClient, openGraph, reference } from './test-graph.ts'
import { usualDatabaseKind } from '../platform/test-database.ts'

export const ownerRole = '62e90394-69f5-4237-9190-012177145e10'
export const readerRole = '88d8e3e3-8f55-4a1e-953a-9b9898b8876b'
export const unknownId = '0d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11'

/** The Graph surface, with the steps that tests of users and groups share. */
export async function openPeople(t: TestContext, kind: DatabaseKind = usualDatabaseKind) {
  const opened = await openGraph(t, kind)
  const { credentials, directory, database, asOwner } = opened
  const makeUser = async (name: string, change: object = {}) => {
    const passwordProfile = { password: 'tidal lantern 7 quilt' }
    const userPrincipalName = `${name}@contoso.example`
    const body = { accountEnabled: true, displayName: name, userPrincipalName, passwordProfile, ...change }
    const made = await asOwner('POST', '/users', body)
    assert.equal(made.status, 201, JSON.stringify(made.body))
    return String(made.body['id'])
  }
  const makeGroup = async (displayName: string) => {
    const body = { displayName, mailNickname: displayName, mailEnabled: false, securityEnabled: true }
    const made = await asOwner('POST', '/groups', body)
    assert.equal(made.status, 201, JSON.stringify(made.body))
    return String(made.body['id'])
  }
  const put = (groupId: string, memberId: string, client: GraphClient = asOwner) =>
    client('POST', `/groups/${groupId}/members/$ref`, reference(memberId))
  const signIn = async (objectId: string) => {
    const user = await directory.findUser(objectId)
    if (user === undefined) throw new Error('no such user')
    return database.transaction((tx) =>
      credentials.recordSignIn(tx, {
        user,
        clientId: 'c',
        methods: ['hwk', 'mfa'],
        authenticatedAtMs: 0,
        lifetimeMs: 60_000,
      }),
    )
  }
  const checkPassword = (userPrincipalName: string, password: string) =>
    credentials.checkPassword({ userPrincipalName, password, remoteAddress: '198.51.100.7' })
  return { ...opened, makeUser, makeGroup, put, signIn, checkPassword }
}

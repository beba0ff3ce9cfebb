import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestDatabase, testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { createConsents } from './consent-store.ts'
import { signInMigrations } from '../migrations.ts'

for (const kind of testDatabaseKinds) {
  test(`a consent is for one person, one application and one resource, and is deleted with the person or the application (${kind})`, async (t) => {
    const { database, dispose } = await openTestDatabase(kind, signInMigrations)
    t.after(dispose)
    const consents = createConsents(database)
    const give = (object_id: string, client_id: string, audience: string) =>
      database.transaction((tx) => consents.put(tx, { object_id, client_id, audience, given_at_ms: 0 }))
    const held = async () => {
      const found: string[] = []
      for (const person of ['ada', 'bob']) {
        for (const client of ['web', 'other']) {
          for (const audience of ['arm', 'acr']) {
            if (await consents.has(person, client, audience)) found.push(`${person} ${client} ${audience}`)
          }
        }
      }
      return found
    }
    for (const person of ['ada', 'bob']) for (const client of ['web', 'other']) await give(person, client, 'arm')
    await give('bob', 'web', 'arm')
    await give('bob', 'web', 'acr')
    const ofBob = ['bob web arm', 'bob web acr', 'bob other arm']
    assert.deepEqual(await held(), ['ada web arm', 'ada other arm', ...ofBob])
    await database.transaction((tx) => consents.forgetPerson(tx, 'ada'))
    assert.deepEqual(await held(), ofBob)
    await database.transaction((tx) => consents.forgetClient(tx, 'web'))
    assert.deepEqual(await held(), ['bob other arm'])
  })
}

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { stringAt } from '../harness/json.ts'
import { type RunningServer, startServer } from '../harness/server.ts'
import { acruxClient } from './acrux/acrux.ts'

const servers = [await startServer({ firstStart: true }), await startServer({ firstStart: true })]
after(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]()
})

const login = ({ dataDir }: RunningServer) => ['login', '--first-run', '--data-dir', dataDir]

test('logins to several servers at the same time are all in the profile', async () => {
  using client = acruxClient()
  await Promise.all([...servers, ...servers].map((server) => client.text(login(server))))
  const accounts = await client.json(['account', 'list', '--all'])
  assert.ok(Array.isArray(accounts))
  assert.deepEqual(
    accounts.map((account) => stringAt(account, 'id')).toSorted(),
    servers.map(({ firstRun }) => firstRun.subscriptionId).toSorted(),
  )
  for (const { firstRun } of servers) {
    await client.text(['cloud', 'set', '-n', firstRun.loginServer])
    await client.text(['acr', 'show', '-n', firstRun.registry])
  }
})

test('with ACRUX_CONFIG_DIR, each login has its own active server', async () => {
  using client = acruxClient()
  const env = (index: number) => ({ env: { ACRUX_CONFIG_DIR: join(client.home.path, `profile-${index}`) } })
  await Promise.all(servers.map((server, index) => client.text(login(server), env(index))))
  for (const [index, { firstRun }] of servers.entries()) {
    assert.equal(
      await client.text(['account', 'show', '--query', 'id', '-o', 'tsv'], env(index)),
      firstRun.subscriptionId,
    )
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assignRole, createServicePrincipal, registryId, removeRole, roles } from '../harness/arm.ts'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { basic, get, pushImage, registryUrl } from '../harness/registry.ts'
import { sendHalf } from '../harness/send-half.ts'
import { startServer } from '../harness/server.ts'

for (const isDirect of [true, false]) {
  const means = isDirect ? 'and a direct URL' : 'and no direct URL'
  test(`a server behind PgBouncer in transaction mode, ${means}, serves pushes and pulls, and revokes at once`, async (t) => {
    if (!requirePostgres(t, { pooler: true })) return
    await using postgres = await startTestPostgres()
    await using pooler = await postgres.startPooler()
    const database = postgres.createDatabase('acrux')
    const args = ['--database', pooler.urlOf(database), '--database-password-file', postgres.passwordFile]
    const direct = isDirect ? ['--database-direct-url', database.url] : []
    await using server = await startServer({ args: [...args, ...direct] })
    const { servicePrincipal } = server.firstRun
    const owner = basic(servicePrincipal.appId, servicePrincipal.password)
    // More than PgBouncer has connections to the server: they share them, and the statements that are prepared on them.
    const images = Array.from({ length: 16 }, (_, index) => pushImage(server, `team/app${index}`, '1', owner))
    const [image] = await Promise.all(images)
    assert.ok(image)
    const pulls = Array.from({ length: 64 }, (_, index) => get(server, `/v2/team/app${index % 16}/manifests/1`, owner))
    for (const { status } of await Promise.all(pulls)) assert.equal(status, 200)

    const guest = await createServicePrincipal(server, 'guest')
    const asGuest = basic(guest.appId, guest.password)
    const statusOfPull = async (): Promise<number> => (await get(server, '/v2/team/app1/manifests/1', asGuest)).status
    for (let round = 0; round < 5; round += 1) {
      const assignment = await assignRole(server, guest.objectId, roles.acrPull, registryId(server))
      assert.equal(await statusOfPull(), 200)
      await removeRole(server, assignment)
      assert.equal(await statusOfPull(), 401)
    }
    const pushes = await assignRole(server, guest.objectId, roles.acrPush, registryId(server))
    const held = await Promise.all(
      [owner, asGuest].map((authorization, index) => {
        const url = `${registryUrl(server)}/v2/team/app0/manifests/held${index}`
        const headers = { authorization, 'content-type': image.mediaType }
        return sendHalf(server, { method: 'PUT', url, headers }, image.manifest)
      }),
    )
    await removeRole(server, pushes)
    for (const half of held) half.rest()
    const answers = await Promise.all(held.map(async ({ answer }) => (await answer).status))
    assert.deepEqual(answers, [201, 401], 'work under way is decided again')
    assert.equal((await get(server, '/v2/team/app0/manifests/held1', owner)).status, 404)
    await server.restart()
    assert.equal((await get(server, '/v2/team/app1/manifests/1', owner)).status, 200)

    const listeners = database.query(
      `select count(*) from pg_stat_activity where application_name = 'acrux' and query ilike 'listen%'`,
    )
    const leases = database.query('select count(*) from authority_lease')
    assert.equal(leases, '1', 'the lease is renewed')
    if (!isDirect) assert.equal(listeners, '0', 'no session of the pooler listens')
    assert.doesNotMatch(server.output(), /"level":(50|60)/)
  })
}

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after } from 'node:test'
import { mustRun } from '../harness/clients.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { startServer } from '../harness/server.ts'
import { filesOfBlob, fileOfBlob, flipBit } from '../harness/stored-blobs.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { runAcrux } from '../serve/acrux.ts'
import { azHome, signIn, step } from './az/az.ts'
import { writeLayout } from './lib/oci-layout.ts'

const server = await startServer({ args: ['--integrity-scrub-interval-seconds', '0'] })
const az = azHome(server.caFile)
const scratch = tempDir('scrub')
after(async () => {
  az[Symbol.dispose]()
  scratch.remove()
  await server[Symbol.asyncDispose]()
})

const env: Record<string, string> = { ...az.home.env }
delete env['AZURE_CORE_INSTANCE_DISCOVERY']

step(
  'a flipped bit is found by acrux scrub through az, and healed by a push with skopeo',
  ['az', 'skopeo'],
  async () => {
    const { loginServer, servicePrincipal } = server.firstRun
    const layout = join(scratch.path, 'image')
    const image = writeLayout(layout, { text: 'an image to heal' })
    const manifest: unknown = JSON.parse(
      readFileSync(join(layout, 'blobs', 'sha256', image.digest.slice('sha256:'.length)), 'utf8'),
    )
    const layer = stringAt(manifest, 'layers', 0, 'digest')
    const credentials = `${servicePrincipal.appId}:${servicePrincipal.password}`
    const push = () =>
      mustRun(
        'skopeo',
        ['copy', '--dest-creds', credentials, `oci:${layout}:1`, `docker://${loginServer}/heal/app:1`],
        {
          env,
        },
      )
    await push()
    const damaged = fileOfBlob(server.dataDir, layer)
    flipBit(damaged)

    await signIn(az, server)
    const scrub = (...flags: string[]) => runAcrux(['scrub', '--server', server.baseUrl, ...flags], { env })
    const found = await scrub()
    assert.equal(found.code, 1, found.stderr)
    assert.match(found.stdout, new RegExp(`^blob ${layer}: the file is corrupt$`, 'm'))
    assert.match(found.stderr, /^acrux: run the command with --repair/m)
    const repaired = await scrub('--repair', '--json')
    assert.equal(repaired.code, 1, repaired.stderr)
    const [finding] = listAt(JSON.parse(repaired.stdout), 'findings')
    assert.equal(at(finding, 'repaired'), true)

    await push()
    assert.equal((await scrub()).code, 0)
    assert.ok(!filesOfBlob(server.dataDir, layer).includes(damaged))
    const back = join(scratch.path, 'back')
    await mustRun(
      'skopeo',
      ['copy', '--src-creds', credentials, `docker://${loginServer}/heal/app:1`, `oci:${back}:1`],
      {
        env,
      },
    )
  },
)

import { spawnSync } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { mustRun } from '../harness/clients.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { build } from '../packages/build.ts'
import { type Serving, startUntilReady } from '../packages/program.ts'
import { type Memory, memoryOf } from '../soak/memory.ts'
import { type Figure, type Settings, median, medianQuotient } from './figure.ts'
import { compared } from './postgres.ts'
import { type Filled, fill, runningOn } from './subject.ts'

/** The figures of the executable for this machine, as `npm run build` makes it. */
export const packageFigures = ['package-version', 'package-credential-helper', 'package-serve-ready', 'package-memory']

/** How often a program is started. */
const startRuns = 20

/** How long the server is idle before its memory is read: V8 returns memory to the system after about half a minute. */
const restMs = 60_000

/** How long each kind of request is sent before the memory is read again, and how long the server is idle in between. */
const loadMs = 15_000
const afterLoadMs = 20_000

const env = { PATH: process.env['PATH'] ?? '' }

/** Measures the selected figures. */
export async function measurePackage(settings: Settings, chosen: ReadonlySet<string>): Promise<Figure[]> {
  const { rounds, say } = settings
  if (!packageFigures.some((name) => chosen.has(name))) return []
  say('building the executable')
  using built = await build('sea')
  const executable = built.file(new RegExp(`-${process.platform}-${process.arch}$`))
  // Pages of a file that was just written are mapped in larger pieces, and would be counted as memory of the server.
  await mustRun('sync', [executable], { env })
  await mustRun('dd', [`if=${executable}`, 'iflag=nocache', 'count=0'], { env })
  using filled = await fill({ repositories: 10 })
  return [
    ...(chosen.has('package-version') ? [startFigure('package-version', executable, { args: ['version'] })] : []),
    ...(chosen.has('package-credential-helper') ? [helperFigure(executable)] : []),
    ...(chosen.has('package-serve-ready') ? [await readyFigure(executable, filled, rounds)] : []),
    ...(chosen.has('package-memory') ? await memoryFigures(executable, settings) : []),
  ]
}

type Call = {
  readonly args: readonly string[]
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
}

function milliseconds(command: string, { args, input = '', env: more }: Call): number {
  const begun = performance.now()
  const { status, stdout } = spawnSync(command, args, { env: { ...env, ...more }, input, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stdout}`)
  return performance.now() - begun
}

/** Compares the time of a program with that of `node -e 0`. */
function startFigure(name: string, command: string, call: Call): Figure {
  const program: number[] = []
  const bare: number[] = []
  for (let round = 0; round < startRuns; round += 1) {
    bare.push(milliseconds(process.execPath, { args: ['-e', '0'] }))
    program.push(milliseconds(command, call))
  }
  return {
    name,
    measured: medianQuotient(program, bare),
    unit: 'ratio',
    bound: 'at most',
    target: 1.6,
    details: `${basename(command)} ${call.args.join(' ')} ${Math.round(median(program))} ms, node -e 0 ${Math.round(median(bare))} ms`,
  }
}

/** The credential helper, which answers with a stored token. */
function helperFigure(executable: string): Figure {
  using folder = tempDir('helper')
  const program = join(folder.path, 'docker-credential-acrux')
  symlinkSync(executable, program)
  const loginServer = writeSignIn(folder.path)
  const call = { args: ['get'], input: loginServer, env: { ACRUX_CONFIG_DIR: folder.path } }
  return startFigure('package-credential-helper', program, call)
}

/** Writes the files of a sign-in with a fresh token, and returns the login server. */
function writeSignIn(folder: string): string {
  const loginServer = 'contoso.azurecr.io'
  const cloud = 'AzureCloud'
  const tenantId = '2d3f4c5e-0000-4000-8000-000000000001'
  const user = { name: 'ada@contoso.com', type: 'user' }
  const signIn = { id: 'one', cloud, tenantId, userName: user.name, secretStore: 'file', method: { kind: 'secret' } }
  const subscription = { id: 'one', name: 'one', tenantId, isDefault: true, environmentName: cloud, user }
  const subscriptions = [{ signIn: 'one', subscription }]
  const profile = { version: 1, activeCloud: cloud, clouds: [], signIns: [signIn], subscriptions }
  const iat = Math.floor(Date.now() / 1000)
  const claims = Buffer.from(JSON.stringify({ iat, exp: iat + 10_800, ...paddingOfToken })).toString('base64url')
  const token = { token: `x.${claims}.x`, expiresAtMs: (iat + 10_800) * 1000 }
  const secrets = { version: 1, signIns: { one: { tokens: { [`acr ${tenantId} ${loginServer}`]: token } } } }
  for (const [name, content] of Object.entries({ profile, secrets }))
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(content), { mode: 0o600 })
  return loginServer
}

/** Makes the token as long as a real one. */
const paddingOfToken = { padding: 'x'.repeat(600) }

function serve(executable: string, { dataDir, port }: Filled): Promise<Serving> {
  const place = ['--data-dir', dataDir, '--listen', `127.0.0.1:${port}`, '--public-host', `localhost:${port}`]
  return startUntilReady(executable, ['serve', ...place], env)
}

async function readyFigure(executable: string, filled: Filled, rounds: number): Promise<Figure> {
  const all: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    await using server = await serve(executable, filled)
    all.push(server.readyMs)
  }
  return {
    name: 'package-serve-ready',
    measured: median(all),
    unit: 'milliseconds',
    bound: 'at most',
    target: 1_000,
    details: `${rounds} starts on a data directory, from ${Math.round(Math.min(...all))} to ${Math.round(Math.max(...all))} ms`,
  }
}

/** Memory of the server's own: not the pages of its executable, which the system shares and can drop. */
async function memoryFigures(executable: string, settings: Settings): Promise<Figure[]> {
  using filled = await fill({ repositories: 1_000 })
  await using server = await serve(executable, filled)
  await sleep(restMs)
  const atRest = memoryOf(server.pid)
  for (const { work } of compared.filter(({ name }) => name === 'manifest-by-tag' || name === 'token-again')) {
    const run = await work({ ...settings, measuredMs: loadMs }, runningOn(filled, server.pid))
    await run()
  }
  const underLoad = memoryOf(server.pid)
  await sleep(afterLoadMs)
  const afterLoad = memoryOf(server.pid)
  const figure = (name: string, { ownMib, residentMib }: Memory, target: number, when: string): Figure => ({
    name,
    measured: ownMib,
    unit: 'MiB',
    bound: 'at most',
    target,
    details: `its own ${when}; resident ${Math.round(residentMib)} MiB`,
  })
  const load = `${settings.connections} connections requested manifests and tokens for ${(2 * loadMs) / 1000} s`
  return [
    figure('package-memory', atRest, 80, `${restMs / 1000} s after the start`),
    figure(
      'package-memory-loaded',
      afterLoad,
      150,
      `${afterLoadMs / 1000} s after ${load}, at the end of which it was ${Math.round(underLoad.ownMib)} MiB`,
    ),
  ]
}

import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { step } from '../clients/az/az.ts'
import { run } from '../harness/clients.ts'
import { stringAt } from '../harness/json.ts'
import { mainFile } from '../harness/program.ts'
import { until } from '../harness/until.ts'
import { type Started, startProgram } from '../serve/acrux.ts'
import { type ProgramHome, filesLeftIn, programHome, python } from './program-home.ts'

const shell = (script: string) => ['--', 'sh', '-c', script]

async function acruxRun(home: ProgramHome, args: readonly string[]) {
  return run(process.execPath, [mainFile, 'run', ...args], { env: home.env, cwd: home.path })
}

test('the command gets the values of the emulator, and nothing is left when it ends', async () => {
  using home = programHome()
  const { code, stdout, stderr } = await acruxRun(home, shell('env; echo; cat "$ACRUX_READY_FILE"; exit 7'))
  assert.equal(code, 7, stderr)
  const [variables = '', document = ''] = stdout.split('\n\n')
  const ready: unknown = JSON.parse(document)
  const text = (...path: readonly string[]): string => stringAt(ready, ...path)
  const env = Object.fromEntries(variables.split('\n').map((line) => line.split(/=(.*)/s)))
  const { host } = new URL(text('url'))
  const expected = {
    ACRUX_LOGIN_SERVER: text('loginServer'),
    AZURE_AUTHORITY_HOST: text('url'),
    AZURE_TENANT_ID: 'acacacac-0000-4000-8000-000000000001',
    AZURE_CLIENT_ID: text('owner', 'appId'),
    AZURE_CLIENT_SECRET: 'acrux-emulator-owner',
    AZURE_SUBSCRIPTION_ID: text('subscriptionId'),
    ARM_METADATA_HOSTNAME: host,
    CURL_CA_BUNDLE: text('caBundleFile'),
    REQUESTS_CA_BUNDLE: text('caBundleFile'),
    SSL_CERT_FILE: text('caBundleFile'),
    NODE_EXTRA_CA_CERTS: text('caFile'),
    JAVA_TOOL_OPTIONS: `-Djavax.net.ssl.trustStore=${text('trustStoreFile')} -Djavax.net.ssl.trustStoreType=PKCS12`,
  }
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, env[name]])), expected)
  assert.equal(existsSync(env['ACRUX_READY_FILE']), false)
  assert.deepEqual(filesLeftIn(home), [])
  await assert.rejects(fetch(`${text('control')}/_acrux/health`))
})

test('the ready file can be named, and the file of an earlier run is replaced', async () => {
  using home = programHome()
  writeFileSync(join(home.path, 'ready.json'), '{}')
  const script = 'cd / && test "$(stat -c %a "$ACRUX_READY_FILE")" = 600 && cat "$ACRUX_READY_FILE"'
  const { code, stdout, stderr } = await acruxRun(home, ['--ready-file', 'ready.json', ...shell(script)])
  assert.equal(code, 0, stderr)
  assert.match(stringAt(JSON.parse(stdout), 'url'), /^https:/)
  assert.equal(existsSync(join(home.path, 'ready.json')), false)
})

test('a signal while the emulator starts ends acrux run with the exit code of a shell', async () => {
  using home = programHome()
  await using started = startProgram(['run', ...shell('exec sleep 300')], { env: home.env, cwd: home.path })
  // On a busy machine, the command may run meanwhile: the signal then ends it.
  await until('the emulator starts', () => filesLeftIn(home).length > 0)
  started.signal('SIGTERM')
  const { code, stdout } = await started.ended
  assert.deepEqual([code, stdout], [143, ''])
  assert.deepEqual(filesLeftIn(home), [])
})

test('the exit code is that of the command, or says what failed', async () => {
  using home = programHome()
  writeFileSync(join(home.path, 'not-executable'), '#!/bin/sh\n', { mode: 0o644 })
  // prettier-ignore
  const cases: readonly (readonly [args: readonly string[], code: number, says: RegExp])[] = [
    [shell('exit 0'),                                0,   /^$/],
    [shell('kill -TERM $$'),                         143, /^$/],
    [['--', 'no-such-program'],                      127, /no-such-program: command not found/],
    [['--', './not-executable'],                     126, /permission denied/],
    [['--clock', 'tomorrow', ...shell('echo run')],  125, /the emulator did not start: the emulator ended with exit code 2$/m],
    [['--no-such-option', ...shell('echo run')],     2,   /unknown option/],
    [[],                                             2,   /missing required argument/],
  ]
  for (const [args, code, says] of cases) {
    const ran = await acruxRun(home, args)
    assert.deepEqual([ran.code, ran.stdout], [code, ''], `${args.join(' ')}\n${ran.stderr}`)
    assert.match(ran.stderr, says)
  }
  assert.deepEqual(filesLeftIn(home), [])
})

test('the command is ended if the emulator ends, and the exit code is 125', async () => {
  using home = programHome()
  const kill = `kill -KILL $(sed -n 's/.*"pid": *\\([0-9]*\\).*/\\1/p' "$ACRUX_READY_FILE"); exec sleep 300`
  const { code, stderr } = await acruxRun(home, shell(kill))
  assert.equal(code, 125)
  assert.match(stderr, /the emulator failed: SIGKILL ended the process/)
})

/** Starts `acrux run` with a script that writes a file when it runs. */
async function startRun(home: ProgramHome, script: string): Promise<Started> {
  const running = join(home.path, 'running')
  const args = ['run', ...shell(`${script}; echo "$ACRUX_READY_FILE $$" > ${running}; while :; do sleep 0.1; done`)]
  const started = startProgram(args, { env: home.env, cwd: home.path })
  await until('the command runs', () => existsSync(running) && readFileSync(running, 'utf8').endsWith('\n'))
  return started
}

test('signals are passed on to the command', async () => {
  using home = programHome()
  await using started = await startRun(home, 'trap "exit 9" INT; trap "echo got it" USR1')
  started.signal('SIGUSR1')
  await until('the command has received the signal', () => started.stdout().includes('got it'))
  started.signal('SIGINT')
  assert.equal((await started.ended).code, 9)
  assert.deepEqual(filesLeftIn(home), [])
})

test('a command that a passed signal ends has the exit code of a shell', async () => {
  using home = programHome()
  await using started = await startRun(home, ':')
  started.signal('SIGTERM')
  assert.equal((await started.ended).code, 143)
  assert.deepEqual(filesLeftIn(home), [])
})

test('the emulator ends, and its files are gone, after acrux run was killed', async () => {
  using home = programHome()
  await using started = await startRun(home, ':')
  const [readyFile = '', command = ''] = readFileSync(join(home.path, 'running'), 'utf8').trim().split(' ')
  const control = stringAt(JSON.parse(readFileSync(readyFile, 'utf8')), 'control')
  started.signal('SIGKILL')
  process.kill(Number(command))
  await until('the emulator has ended', () =>
    fetch(`${control}/_acrux/health`).then(
      () => false,
      () => true,
    ),
  )
  await until('no file is left', () => filesLeftIn(home).length === 0)
})

step('a program in the command trusts the emulator by the variables alone', ['python3'], async () => {
  using home = programHome()
  const script =
    'import os, urllib.request; print(urllib.request.urlopen(os.environ["AZURE_AUTHORITY_HOST"] + "/healthz").status)'
  const { code, stdout, stderr } = await acruxRun(home, ['--', python, '-c', script])
  assert.deepEqual([code, stdout], [0, '200\n'], stderr)
})

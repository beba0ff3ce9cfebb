import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ShellCommandOptions, ShellCommandError, runShellCommand } from './shell-command.ts'

const usual: ShellCommandOptions = { timeoutMs: 20_000, maxOutputBytes: 1024 }

async function problemOf(command: string, options: Partial<ShellCommandOptions> = {}): Promise<string> {
  const error: unknown = await runShellCommand(command, { ...usual, ...options }).catch((thrown: unknown) => thrown)
  assert.ok(error instanceof ShellCommandError, String(error))
  return error.message
}

describe('a command in the shell', () => {
  test('a shell command reads its input, and its output is returned as bytes', async () => {
    const input = Buffer.from([0, 255, 10, 13])
    assert.deepEqual(await runShellCommand('cat', { ...usual, input }), input)
    assert.equal((await runShellCommand('true', { ...usual, input: Buffer.alloc(1_000_000) })).length, 0)
  })

  test('the error of a failed shell command contains the exit code or signal, but no output', async () => {
    assert.equal(await problemOf('echo secret1; echo secret1 >&2; exit 7'), 'exited with code 7')
    assert.equal(await problemOf('kill -9 $$'), 'was ended by SIGKILL')
    assert.equal(await problemOf('/no/such/program'), 'exited with code 127')
  })

  test('a shell command that takes too long or prints too much is killed together with the processes that it started', async () => {
    const begunMs = performance.now()
    assert.equal(await problemOf('sleep 60 & sleep 60', { timeoutMs: 300 }), 'did not end within 0.3 seconds')
    assert.equal(await problemOf('yes'), 'printed more than 1024 bytes')
    assert.ok(performance.now() - begunMs < 20_000)
  })
})

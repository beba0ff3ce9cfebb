import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type Socket, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type ControlCommand, openControlChannel, sendControlCommand } from './control-channel.ts'

/**
 * Opens a channel whose handler answers with the command or with the given result, and returns a function that connects
 * to the channel.
 */
async function openChannel(t: TestContext, result?: unknown) {
  const dataDir = await mkdtemp(join(tmpdir(), 'acrux-control-'))
  t.after(() => rm(dataDir, { recursive: true }))
  const commands: ControlCommand[] = []
  const channel = await openControlChannel(dataDir, (command) => {
    commands.push(command)
    return Promise.resolve({ ok: true, result: result ?? command })
  })
  assert.ok(channel !== undefined)
  t.after(() => channel.close())
  const begin = async (): Promise<Socket> => {
    const socket = connect(join(dataDir, 'control.sock'))
    await once(socket, 'connect')
    socket.on('error', () => undefined)
    return socket
  }
  return { dataDir, channel, commands, begin }
}

function endOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

async function answerTo(socket: Socket, text: string): Promise<unknown> {
  let answer = ''
  socket.on('data', (piece: Buffer) => (answer += piece.toString()))
  socket.write(text)
  await endOf(socket)
  return answer === '' ? undefined : JSON.parse(answer)
}

test('the answer to a command contains the result of the handler', async (t) => {
  const { dataDir } = await openChannel(t)
  const command = { command: 'test', value: 'ä' }
  assert.deepEqual(await sendControlCommand(dataDir, command), { ok: true, result: command })
})

test('an answer may be longer than a command', async (t) => {
  const names = 'n'.repeat(200_000)
  const { dataDir } = await openChannel(t, names)
  assert.deepEqual(await sendControlCommand(dataDir, { command: 'test' }), { ok: true, result: names })
})

test('a command that is malformed, too long or followed by more data is rejected', async (t) => {
  const { begin, commands } = await openChannel(t)
  const long = `{"command":"test","value":"${'x'.repeat(5000)}"}\n`
  for (const text of [
    'nothing\n',
    '[]\n',
    '{}\n',
    long,
    long.slice(0, -1),
    '{"command":"test"}\n{"command":"again"}\n',
  ]) {
    const answer = (await answerTo(await begin(), text)) as { ok: boolean; message: string }
    assert.deepEqual(answer, { ok: false, message: 'the command could not be read' }, text.slice(0, 40))
  }
  assert.deepEqual(commands, [])
})

test('a connection over the limit is closed, and the next connection is served after other connections have ended', async (t) => {
  const { begin, dataDir } = await openChannel(t)
  const idle: Socket[] = []
  for (let number = 0; number < 4; number += 1) idle.push((await begin()).resume())
  await endOf((await begin()).resume())
  const ended = idle.map(endOf)
  for (const socket of idle) socket.end('\n')
  await Promise.all(ended)
  assert.equal((await sendControlCommand(dataDir, { command: 'test' })).ok, true)
})

test('closing the channel does not wait for a connection that sends no command', async (t) => {
  const { begin, channel } = await openChannel(t)
  const idle = await begin()
  idle.write('{"command":')
  idle.resume()
  const ended = endOf(idle)
  const begun = performance.now()
  await channel.close()
  await ended
  assert.ok(performance.now() - begun < 10_000)
})

test('a complete command must arrive in time, even if its bytes arrive steadily', async (t) => {
  const { begin } = await openChannel(t)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const slow = await begin()
  slow.resume()
  const ended = endOf(slow)
  for (let part = 0; part < 4; part += 1) {
    slow.write(' ')
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    t.mock.timers.tick(10_000)
  }
  await ended
})

test('the error for an unreachable server names the reason: no listener, or a path that is too long for a socket', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'acrux-control-'))
  t.after(() => rm(dataDir, { recursive: true }))
  for (const [directory, reason] of [
    [dataDir, /cannot be reached: the path does not exist/],
    [join(dataDir, 'd'.repeat(110)), /cannot be reached: the path is too long for a socket$/],
  ] as const) {
    await assert.rejects(sendControlCommand(directory, { command: 'test' }), (error: Error) => {
      assert.match(error.message, reason)
      assert.doesNotMatch(error.message, /\bE[A-Z]{3,}\b/)
      return true
    })
  }
})

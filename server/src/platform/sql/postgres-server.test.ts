import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, type Socket, createServer } from 'node:net'
import { test } from 'node:test'
import { StartupError } from '@acrux/shared/texts/startup-error.ts'
import { requireUsableServer } from './postgres-server.ts'

/**
 * Creates a message of PostgreSQL's protocol from a letter, the length, and the content. [PostgreSQL, Message Formats]
 */
function message(type: string, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content)
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length + 4)
  return Buffer.concat([Buffer.from(type), length, body])
}

const int16 = (value: number) => Buffer.from([value >> 8, value & 0xff])
const int32 = (value: number) => Buffer.concat([int16(value >>> 16), int16(value & 0xffff)])
const text = (value: string) => Buffer.from(`${value}\0`)
const ready = message('Z', Buffer.from('I'))

/** The types of the columns are integer, text and boolean. */
function row(columns: readonly (readonly [name: string, type: number, value: string])[]): Buffer {
  const fields = columns.flatMap(([name, type]) => [text(name), int32(0), int16(0), int32(type), int16(-1), int32(-1)])
  const values = columns.flatMap(([, , value]) => [int32(value.length), Buffer.from(value)])
  return Buffer.concat([
    message(
      'T',
      int16(columns.length),
      ...fields.map((field, index) => (index % 6 === 5 ? Buffer.concat([field, int16(0)]) : field)),
    ),
    message('D', int16(columns.length), ...values),
    message('C', text('SELECT 1')),
    ready,
  ])
}

/** Starts a server that accepts every client, and responds to every statement with one row. */
async function stand(response: Buffer) {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let isStarted = false
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      if (!isStarted) socket.write(Buffer.concat([message('R', int32(0)), ready]))
      else if (data[0] === 0x51) socket.write(response)
      isStarted = true
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

test('a PostgreSQL server is accepted from version 15 on, if it is a primary and the database is in UTF-8', async () => {
  // prettier-ignore
  const cases: readonly (readonly [version: string, product: string, isStandby: string, encoding: string, fault: RegExp | undefined])[] = [
    ['150020', '15.20',       'f', 'UTF8',   undefined],
    ['180001', '18.1',        'f', 'UTF8',   undefined],
    ['140019', '14.19',       'f', 'UTF8',   /has PostgreSQL version 14\.19: the minimum version is 15/],
    ['90624',  '9.6.24',      'f', 'UTF8',   /has PostgreSQL version 9\.6\.24/],
    ['160000', '16.0',        't', 'UTF8',   /standby/],
    ['160000', '16.0',        'f', 'LATIN1', /encoding LATIN1/],
  ]
  for (const [version, product, isStandby, encoding, fault] of cases) {
    const facts = row([
      ['version', 23, version],
      ['product', 25, product],
      ['isStandby', 16, isStandby],
      ['encoding', 25, encoding],
    ])
    await using server = await stand(facts)
    const config = { host: '127.0.0.1', port: server.port, user: 'acrux', database: 'acrux', ssl: false }
    if (fault === undefined) {
      await requireUsableServer(config)
    } else {
      await assert.rejects(requireUsableServer(config), (error) => {
        assert.ok(error instanceof StartupError)
        assert.match(error.message, fault)
        assert.equal(error.exitCode, 18)
        return true
      })
    }
  }
})

test('the client waits only for the configured time for a server that accepts connections but never responds', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  const config = { host: '127.0.0.1', port, user: 'acrux', database: 'acrux', connectionTimeoutMillis: 200 }
  await assert.rejects(requireUsableServer(config), StartupError)
  silent.close()
})

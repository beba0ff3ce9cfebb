import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import { exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { listenFailure } from './listen-failure.ts'

describe('exit codes', () => {
  test('all exit codes are different, and none of them is an exit code with a meaning in shells', () => {
    const codes = Object.values(exitCodes)
    assert.equal(new Set(codes).size, codes.length)
    assert.ok(codes.every((code) => code < 64))
  })

  test('a port in use has a different exit code than other failures to listen', async () => {
    const holder = createServer()
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
    const address = holder.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const error = await listenError('127.0.0.1', port)
    await new Promise((resolve) => holder.close(resolve))
    const failure = listenFailure(error, `127.0.0.1:${port}`)
    assert.equal(failure?.exitCode, exitCodes.portInUse)
    assert.equal(failure?.message, `another process is already listening on 127.0.0.1:${port}`)

    const elsewhere = await listenError('192.0.2.1', 5443)
    assert.equal(listenFailure(elsewhere, '192.0.2.1:5443')?.exitCode, exitCodes.addressUnavailable)
    assert.equal(listenFailure(new Error('something else'), '127.0.0.1:1'), undefined)
  })
})

function listenError(host: string, port: number): Promise<Error> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen(port, host, () => {
      server.close()
      reject(new Error('it listens'))
    })
  })
}

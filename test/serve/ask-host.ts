import { readFile } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import { buffer } from 'node:stream/consumers'
import type { RunningServer } from '../harness/server.ts'

/** The response to a request with this `Host`. */
export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

/**
 * Sends a request with another `Host` to the server, at its own address (127.0.0.1 by default), verified by its own
 * name. Connections are distinguished
 * from requests here: a `Host` that is not in the certificate also reaches the server.
 */
export async function askHost(
  server: Pick<RunningServer, 'port' | 'caFile'> & { readonly address?: string },
  host: string,
  path: string,
  authorization?: string,
): Promise<Answer> {
  const ca = await readFile(server.caFile)
  const headers = { host, ...(authorization !== undefined && { authorization }) }
  const options = { host: server.address ?? '127.0.0.1', port: server.port, path, headers, agent: false }
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...options, ca, servername: 'localhost' }, (incoming) => {
      const { statusCode = 0, headers: answered } = incoming
      buffer(incoming).then((body) => resolve({ status: statusCode, headers: answered, text: body.toString() }), reject)
    })
    outgoing.once('error', reject)
    outgoing.end()
  })
}

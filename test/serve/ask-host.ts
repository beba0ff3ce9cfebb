import { readFile } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { request } from 'node:https'
import { buffer } from 'node:stream/consumers'
import type { RunningServer } from '../harness/server.ts'

/** What came back for a `Host`. */
export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

/**
 * Asks the server, at its own address (127.0.0.1 by default) and verified by its own name, for what another `Host` has. Connections are distinguished
 * from requests here: a `Host` that the certificate does not hold reaches the server too.
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

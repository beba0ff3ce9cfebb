import { createSocket } from 'node:dgram'
import { once } from 'node:events'

/** A name server on the loopback interface. */
export interface NameServer extends AsyncDisposable {
  /** `127.0.0.1:PORT`, over UDP. */
  readonly address: string
}

const [headerBytes, typeA, noSuchName] = [12, 1, 3]

/**
 * Starts a name server that resolves every name for which `isKnown` is true to 127.0.0.1, and no other name [RFC
 * 1035 §4.1].
 */
export async function startNameServer(isKnown: (name: string) => boolean): Promise<NameServer> {
  const socket = createSocket('udp4')
  socket.on('message', (query, { port, address }) => {
    const labels: string[] = []
    let end = headerBytes
    for (let length = query[end] ?? 0; length > 0; length = query[end] ?? 0) {
      labels.push(query.toString('latin1', end + 1, end + 1 + length))
      end += 1 + length
    }
    const question = query.subarray(headerBytes, end + 5)
    const known = isKnown(labels.join('.').toLowerCase())
    const hasAddress = known && question.readUInt16BE(question.length - 4) === typeA
    const header = Buffer.alloc(headerBytes)
    query.copy(header, 0, 0, 2)
    header.writeUInt16BE(0x81_80 | (known ? 0 : noSuchName), 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(hasAddress ? 1 : 0, 6)
    const answer = Buffer.from([0xc0, headerBytes, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1])
    socket.send(Buffer.concat([header, question, ...(hasAddress ? [answer] : [])]), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    [Symbol.asyncDispose]: async () => {
      socket.close()
      await once(socket, 'close')
    },
  }
}

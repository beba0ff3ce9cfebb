import type { IncomingMessage } from 'node:http'

/** Reads the body of a response. @throws Error if the body has more than `maxBytes` */
export async function readResponse(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of response) {
    const bytes = chunk as Buffer
    sizeBytes += bytes.length
    if (sizeBytes > maxBytes) throw new Error('the response is too large')
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

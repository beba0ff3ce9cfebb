import { resolve } from 'node:path'
import { z } from 'zod'
import { parseListenAddress, parseListenAddressOrFreePort, parseSomeAddresses } from './network-address.ts'

/** A text in this format. */
export function text(form: RegExp, error: string) {
  return z.string({ error }).regex(form, { error })
}

/** A path, resolved against the working directory. */
export function path() {
  return text(/^[^\0]{1,4096}$/, 'must be a path').transform((value) => resolve(value))
}

/** An address to listen on, as HOST:PORT. */
export function listenAddress() {
  return parsed(parseListenAddress, 'must be HOST:PORT, such as 127.0.0.1:5443')
}

/** Like `listenAddress`; port 0 is any free port. */
export function listenAddressOrFreePort() {
  return parsed(parseListenAddressOrFreePort, 'must be HOST:PORT, such as 127.0.0.1:5443')
}

/** A list of at most 64 addresses or ranges of addresses, empty by default. */
export function addressRanges() {
  return z
    .array(
      parsed(parseSomeAddresses, 'must be an address or a range ADDRESS/BITS that does not include every address'),
      {
        error: 'must be an address, a range, or a list of addresses and ranges',
      },
    )
    .max(64, { error: 'must name no more than 64 ranges' })
    .default([])
}

/** A text, converted by a parser. */
export function parsed<Value>(parse: (text: string) => Value | undefined, message: string) {
  return z.string({ error: message }).transform((input, context) => {
    const value = parse(input)
    if (value !== undefined) return value
    context.issues.push({ code: 'custom', message, input })
    return z.NEVER
  })
}

import { Readable } from 'node:stream'
import type { Context } from './context.ts'
import { notFound } from './errors.ts'
import type { Route } from './route.ts'

/** The certificate authority, for clients that cannot read the files of the emulator, such as those outside its container. */
export const caRoutes: readonly Route<Context>[] = [
  {
    id: 'ca',
    method: 'GET',
    path: '/_acrux/ca',
    handle: ({ caPem }) => {
      if (caPem === undefined) throw notFound('The emulator serves HTTP and has no certificate authority.')
      return { status: 200, contentType: 'application/x-pem-file', stream: Readable.from([caPem]) }
    },
  },
]

import { conflict, invalidRequest, notFound } from './errors.ts'
import type { Context } from './context.ts'
import { type Call, type Route, noContent } from './route.ts'
import { ForeignSnapshotError, UnusableSnapshotError } from '../state/emulator-state.ts'
import { InvalidArchiveError } from '../state/tar-reader.ts'

const path = '/_acrux/state/snapshots/:name'

/** The routes that restore a state: reset and snapshots. */
export const stateRoutes: readonly Route<Context>[] = [
  {
    id: 'reset',
    method: 'POST',
    path: '/_acrux/state/reset',
    handle: async ({ state }) => {
      await state.reset()
      return noContent
    },
  },
  {
    id: 'takeSnapshot',
    method: 'POST',
    path,
    handle: async ({ state }, call) => {
      const name = nameOf(call)
      await state.takeSnapshot(name)
      return { status: 201, json: { name } }
    },
  },
  {
    id: 'restoreSnapshot',
    method: 'POST',
    path: `${path}/restore`,
    handle: async ({ state }, call) => {
      try {
        await state.restore(existing(state, call))
      } catch (error) {
        if (error instanceof UnusableSnapshotError) throw conflict(error.message, error)
        throw error
      }
      return noContent
    },
  },
  {
    id: 'downloadSnapshot',
    method: 'GET',
    path,
    handle: ({ state }, call) => ({
      status: 200,
      contentType: 'application/x-tar',
      stream: state.exportSnapshot(existing(state, call)),
    }),
  },
  {
    id: 'uploadSnapshot',
    method: 'PUT',
    path,
    body: 'stream',
    handle: async ({ state }, call) => {
      const name = nameOf(call)
      try {
        await state.importSnapshot(name, call.request)
      } catch (error) {
        if (error instanceof InvalidArchiveError) throw invalidRequest(error.message, error)
        if (error instanceof ForeignSnapshotError) throw conflict(error.message)
        throw error
      }
      return { status: 201, json: { name } }
    },
  },
]

function nameOf({ params: { name = '' } }: Call): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return name
  throw invalidRequest(
    'The name of a snapshot is 1 to 64 letters, digits, dots, hyphens and underscores, and begins with a letter or digit.',
  )
}

function existing(state: Context['state'], call: Call): string {
  const name = nameOf(call)
  if (state.hasSnapshot(name)) return name
  throw notFound(`There is no snapshot ${name}.`)
}

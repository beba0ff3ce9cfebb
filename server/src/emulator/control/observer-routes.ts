import { InvalidFaultError, parseFault } from '../faults/fault.ts'
import { TooManyFaultsError } from '../faults/fault-set.ts'
import type { Context } from './context.ts'
import { conflict, invalidRequest, notFound } from './errors.ts'
import { type Call, type Route, noContent, ok } from './route.ts'

/** The routes of faults, of recorded requests and of decisions. */
export const observerRoutes: readonly Route<Context>[] = [
  {
    id: 'listFaults',
    method: 'GET',
    path: '/_acrux/faults',
    handle: ({ observer }) => ok(observer.faults.list()),
  },
  {
    id: 'setFault',
    method: 'POST',
    path: '/_acrux/faults',
    body: 'text',
    handle: ({ observer }, call) => {
      try {
        return { status: 201, json: { id: observer.faults.add(parseFault(jsonOf(call))) } }
      } catch (error) {
        if (error instanceof InvalidFaultError) throw invalidRequest(error.message, error)
        if (error instanceof TooManyFaultsError) throw conflict(error.message)
        throw error
      }
    },
  },
  {
    id: 'deleteFault',
    method: 'DELETE',
    path: '/_acrux/faults/:id',
    handle: ({ observer }, { params: { id = '' } }) => {
      if (!observer.faults.remove(id)) throw notFound(`There is no fault ${id}.`)
      return noContent
    },
  },
  {
    id: 'listRequests',
    method: 'GET',
    path: '/_acrux/requests',
    handle: ({ observer }, { query }) => ok(observer.requests.after(query.get('after') ?? undefined)),
  },
  {
    id: 'listDecisions',
    method: 'GET',
    path: '/_acrux/decisions',
    handle: ({ observer }, { query }) => ok(observer.decisions.last(countOf(query.get('last')))),
  },
]

function jsonOf({ text }: Call): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw invalidRequest('The body is not valid JSON.', error)
  }
}

/** The number of requested decisions. The default is all stored decisions. */
function countOf(text: string | null): number {
  if (text === null) return Infinity
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw invalidRequest(`last: must be a number, not ${text}`)
}

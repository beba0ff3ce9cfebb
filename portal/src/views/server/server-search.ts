import { oneOf, searchOf } from '../../components/elements/search-params.ts'

export const serverParts = ['overview', 'certificates', 'maintenance', 'configuration'] as const
export type ServerPart = (typeof serverParts)[number]

/** Reads the part of the view in the address of the server. */
export const parseServerSearch = searchOf({ part: oneOf(...serverParts) })

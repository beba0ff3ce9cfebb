import { anyText, oneOf, searchOf } from '../../components/elements/search-params.ts'

const tokenTabs = ['tokens', 'maps', 'anonymous'] as const
export type TokenTab = (typeof tokenTabs)[number]

/** Reads the address of the tokens. */
export const parseTokenSearch = searchOf({ tab: oneOf(...tokenTabs), filter: anyText })

/** The values in the address of the tokens. */
export type TokenSearch = ReturnType<typeof parseTokenSearch>

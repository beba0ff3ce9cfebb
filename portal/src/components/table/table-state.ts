import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo, useState } from 'react'

/** What a person chose in a table: the order, the columns, and the row whose panel is open. */
export type TableChoice = { readonly sort?: string; readonly columns?: string; readonly open?: string }

/** The choice of a table, and a function that changes it. A value `undefined` returns to the usual one. */
export type TableState = TableChoice & {
  readonly change: (changed: { readonly [Name in keyof TableChoice]: TableChoice[Name] | undefined }) => void
}

/** Keeps the choice of a table in the address. The route reads it with `tableValues`. */
export function useAddressState(): TableState {
  const { sort, columns, open }: TableChoice = useSearch({ strict: false })
  const navigate = useNavigate()
  return useMemo(
    () => ({
      ...withValues({ sort, columns, open }),
      change: (changed) =>
        void navigate({
          to: '.',
          search: (before: object) => withValues({ ...before, ...changed }),
          replace: true,
          resetScroll: false,
        }),
    }),
    [sort, columns, open, navigate],
  )
}

/** Keeps the choice of a table while its view is shown: for a table that is a small part of a view. */
export function useOwnState(): TableState {
  const [choice, setChoice] = useState<TableChoice>({})
  return useMemo(
    () => ({ ...choice, change: (changed) => setChoice((before) => withValues({ ...before, ...changed })) }),
    [choice],
  )
}

function withValues(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value]])),
  )
}

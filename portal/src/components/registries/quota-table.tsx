import { sizeText } from '@acrux/shared/texts/size-text.ts'
import type { ReactNode } from 'react'
import type { Quota } from '../../api/types.ts'
import { Table } from '../table/table.tsx'
import { Share } from '../elements/share.tsx'
import { operationsTexts } from '../texts/operations.ts'
import { words } from '../texts/words.ts'

const view = operationsTexts.policies

type QuotaTableProps = {
  readonly quotas: readonly Quota[]
  /** What is shown if there are none. */
  readonly empty: string
  /** What can be done with a quota. */
  readonly acts?: (quota: Quota) => ReactNode
}

/** Quotas, with how much of each is used. */
export function QuotaTable({ quotas, empty, acts }: QuotaTableProps) {
  return (
    <Table
      isWrapped
      label={view.quotas}
      empty={empty}
      rows={quotas}
      keyOf={({ id }) => id}
      columns={[
        { title: view.place, cell: placeOf },
        { title: words.name, cell: ({ name }) => name },
        {
          title: view.used,
          cell: ({ properties: { usedBytes, limitBytes } }) => (
            <Share
              used={usedBytes}
              limit={limitBytes}
              text={`${sizeText(usedBytes)} ${words.of} ${sizeText(limitBytes)}`}
            />
          ),
        },
        ...(acts === undefined ? [] : [{ title: words.action, cell: acts }]),
      ]}
    />
  )
}

/** What a quota limits: a repository, or the registry. */
export function placeOf({ properties }: Quota): string {
  return properties.repository ?? words.wholeRegistry
}

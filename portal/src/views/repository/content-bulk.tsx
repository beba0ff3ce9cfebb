import { DeleteRegular, LockClosedRegular } from '@fluentui/react-icons'
import type { Bulk } from '../../components/table/bulk-bar.tsx'
import { repositoryTexts } from '../../components/texts/repository.ts'
import type { Chosen } from './chosen.ts'
import type { ContentActions } from './use-content-actions.tsx'

const view = repositoryTexts.bulk

type BulkWanted<Row> = {
  readonly chosenOf: (row: Row) => Chosen
  readonly actions: ContentActions
  readonly effect: (chosen: readonly Chosen[]) => string
}

/** What can be done with selected images or tags. */
export function bulkOf<Row>({ chosenOf, actions, effect }: BulkWanted<Row>): Bulk<Row> {
  const { reasons, open } = actions
  const all = (rows: readonly Row[]) => rows.map(chosenOf)
  const last = actions.areTags ? 'untag' : 'delete'
  return {
    nameOf: (row) => chosenOf(row).name,
    effect: (rows) => effect(all(rows)),
    actions: [
      {
        label: view.lock,
        icon: <LockClosedRegular />,
        reason: reasons.lock,
        act: (rows) => open('lock', all(rows)),
      },
      {
        label: view.untag,
        reason: reasons.untag,
        ...(actions.areTags && { isDanger: true }),
        act: (rows) => open('untag', all(rows)),
      },
      ...(actions.areTags
        ? []
        : [
            {
              label: view.delete,
              icon: <DeleteRegular />,
              isDanger: true,
              reason: reasons.delete,
              act: (rows: readonly Row[]) => open('delete', all(rows)),
            },
          ]),
    ],
    ...(reasons[last] === undefined && { onDelete: (rows: readonly Row[]) => open(last, all(rows)) }),
  }
}

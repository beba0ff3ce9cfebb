import { Text, makeStyles, tokens } from '@fluentui/react-components'
import { useState } from 'react'
import { useReadAgain } from '../../api/queries.ts'
import { changeKeys } from '../../api/server.ts'
import type { ServerStatus } from '../../api/types.ts'
import { usePermissions } from '../../api/use-permissions.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { Table } from '../../components/table/table.tsx'
import { DoneMessage } from '../../components/elements/done-message.tsx'
import { Section } from '../../components/elements/page.tsx'
import { formatTime } from '../../components/texts/format.ts'
import { serverTexts } from '../../components/texts/server.ts'
import { words } from '../../components/texts/words.ts'

const view = serverTexts

const useStyles = makeStyles({ buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalS } })

const acts = {
  rotate: { label: view.rotate, question: view.rotateQuestion, means: view.rotateMeans },
  withdraw: { label: view.withdraw, question: view.withdrawQuestion, means: view.withdrawLoses },
} as const

type KeysProps = { readonly subscription: string; readonly keys: ServerStatus['signingKeys'] }

/** The signing keys: when they are replaced, and what ends when they are withdrawn. */
export function Keys({ subscription, keys }: KeysProps) {
  const styles = useStyles()
  const readAgain = useReadAgain()
  const mayAct = usePermissions(subscription)
  const [act, setAct] = useState<keyof typeof acts>()
  const [isDone, setDone] = useState(false)
  const reasonFor = (name: string) => (mayAct(`Acrux.Server/signingKeys/${name}/action`) ? undefined : view.mayNotKeys)
  return (
    <Section title={view.keys}>
      <Table
        isWrapped
        label={view.keys}
        rows={keys}
        keyOf={({ name }) => name}
        columns={[
          { title: view.key, cell: ({ name }) => view.keyNames[name] },
          { title: words.created, cell: ({ createdAt }) => formatTime(createdAt) },
          { title: view.due, cell: ({ rotationDueAt }) => formatTime(rotationDueAt) },
        ]}
      />
      <div className={styles.buttons}>
        <ActionButton reason={reasonFor('rotate')} onClick={() => setAct('rotate')}>
          {view.rotate}
        </ActionButton>
        <ActionButton reason={reasonFor('withdraw')} onClick={() => setAct('withdraw')}>
          {view.withdraw}
        </ActionButton>
      </div>
      <DoneMessage text={isDone ? view.done : undefined} />
      {act !== undefined && (
        <ConfirmDialog
          title={acts[act].question}
          confirm={acts[act].label}
          onConfirm={async () => {
            await changeKeys(subscription, act)
            setDone(true)
            await readAgain(['server-status', subscription])
          }}
          onClose={() => setAct(undefined)}
        >
          <Text>{acts[act].means}</Text>
        </ConfirmDialog>
      )}
    </Section>
  )
}

import { makeStyles, tokens } from '@fluentui/react-components'
import { useState } from 'react'
import { type ManagedList, deleteManaged } from '../../api/managed-identities.ts'
import type { Machine } from '../../api/managed-types.ts'
import { ActionBar } from '../../components/elements/action-bar.tsx'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { Table } from '../../components/table/table.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Confirm, type Question } from '../../components/identities/confirm.tsx'
import { StateBadge } from '../../components/identities/state-badge.tsx'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { AttachIdentities } from './attach-identities.tsx'
import { CreateManaged } from './create-managed.tsx'
import { EnrollMachine } from './enroll-machine.tsx'
import { groupOf } from './group-of.ts'
import { reasonAgainst, useChangedManaged, useMachines } from './use-managed.ts'

const view = identitiesTexts.managedView

const useStyles = makeStyles({ buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalXS } })

/** The machines that the person may see. */
export function MachineList() {
  const query = useMachines()
  return <Loaded query={query}>{(list) => <Machines list={list} />}</Loaded>
}

type MachineAct = 'enroll' | 'attach' | 'delete'

function Machines({ list }: { readonly list: ManagedList<Machine> }) {
  const [isCreating, setCreating] = useState(false)
  const [question, setQuestion] = useState<Question>()
  const [dialog, setDialog] = useState<{ readonly act: MachineAct; readonly machine: Machine }>()
  const changed = useChangedManaged()
  const reasonOf = (name: string) => reasonAgainst(list, `Microsoft.HybridCompute/machines/${name}`)
  const reasons = { enroll: reasonOf('write'), attach: reasonOf('write'), delete: reasonOf('delete') }
  const open = (act: MachineAct, machine: Machine) => {
    const { id, name } = machine
    if (act !== 'delete') {
      setDialog({ act, machine })
      return
    }
    setQuestion({
      title: view.delete(name),
      text: view.deleteText(name),
      action: words.delete,
      act: () => deleteManaged('machine', id).then(changed),
    })
  }
  const close = () => setDialog(undefined)
  return (
    <>
      <ActionBar actions={[{ label: view.createMachine, reason: reasons.enroll, act: () => setCreating(true) }]} />
      <MachineTable machines={list.resources} reasons={reasons} onOpen={open} />
      {isCreating && list.subscriptionId !== undefined && (
        <CreateManaged kind="machine" subscriptionId={list.subscriptionId} onClose={() => setCreating(false)} />
      )}
      {question !== undefined && <Confirm question={question} onClose={() => setQuestion(undefined)} />}
      {dialog?.act === 'enroll' && <EnrollMachine machine={dialog.machine} onClose={close} />}
      {dialog?.act === 'attach' && <AttachIdentities machine={dialog.machine} onClose={close} />}
    </>
  )
}

type MachineTableProps = {
  readonly machines: readonly Machine[]
  readonly reasons: Readonly<Record<MachineAct, string | undefined>>
  readonly onOpen: (act: MachineAct, machine: Machine) => void
}

const buttons: readonly {
  readonly act: MachineAct
  readonly text: string
  readonly label: (name: string) => string
}[] = [
  { act: 'enroll', text: view.code, label: view.codeTitle },
  { act: 'attach', text: view.attach, label: view.attachTitle },
  { act: 'delete', text: words.delete, label: view.delete },
]

function MachineTable({ machines, reasons, onOpen }: MachineTableProps) {
  const styles = useStyles()
  return (
    <Table
      isWrapped
      label={view.machines}
      empty={view.emptyMachines}
      rows={machines}
      keyOf={({ id }) => id}
      columns={[
        { title: words.name, cell: ({ name }) => name },
        { title: words.resourceGroup, cell: ({ id }) => groupOf(id) },
        {
          title: words.state,
          cell: ({ properties }) =>
            properties.status === 'Connected' ? (
              <StateBadge text={view.connected} color="success" />
            ) : (
              <StateBadge text={view.disconnected} color="informative" />
            ),
        },
        { title: words.objectId, cell: ({ identity }) => <code>{identity.principalId}</code> },
        { title: view.attached, cell: attachedNames },
        {
          title: words.actions,
          cell: (machine) => (
            <div className={styles.buttons}>
              {buttons.map(({ act, text, label }) => (
                <ActionButton
                  key={act}
                  size="small"
                  reason={reasons[act]}
                  aria-label={label(machine.name)}
                  onClick={() => onOpen(act, machine)}
                >
                  {text}
                </ActionButton>
              ))}
            </div>
          ),
        },
      ]}
    />
  )
}

function attachedNames({ identity }: Machine): string {
  const names = Object.keys(identity.userAssignedIdentities ?? {}).map((id) => id.split('/').at(-1) ?? id)
  return names.length === 0 ? texts.none : names.join(', ')
}

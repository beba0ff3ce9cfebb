import { ProgressBar, Text, makeStyles, tokens } from '@fluentui/react-components'
import { type ReactNode, useState } from 'react'
import { type Operation, type Outcome, changeMany } from '../../api/change-many.ts'
import { noteDone } from '../../api/done-note.ts'
import { Name } from '../elements/name.tsx'
import { shortDigest } from '../texts/format.ts'
import { repositoryTexts } from '../texts/repository.ts'

const view = repositoryTexts.outcome

type Wanted = {
  readonly place: { readonly loginServer: string; readonly repository: string }
  /** Reads the lists again that the changes affect. */
  readonly readAgain: () => Promise<void>
  /** Closes the dialog. It is called if all changes are made. */
  readonly onClose: () => void
  /** The message if all changes are made. */
  readonly done?: (count: number) => string
}

/** Changes of one repository that a dialog makes. */
type Changes = {
  readonly make: (operations: readonly Operation[]) => Promise<void>
  /** How many changes are made, while they are made. */
  readonly progress: ReactNode
  /** What became of the changes, if some failed. */
  readonly result: ReactNode
}

/** Makes changes and reads the lists again. If changes fail, the dialog stays open and lists these changes with the reasons. */
export function useChanges({ place, readAgain, onClose, done = view.done }: Wanted): Changes {
  const [outcomes, setOutcomes] = useState<readonly Outcome[]>()
  const [progress, setProgress] = useState<ReactNode>()
  const make = async (operations: readonly Operation[]) => {
    const all = operations.length
    const made = await changeMany(place, operations, (count) => setProgress(<Progress done={count} all={all} />))
    await readAgain()
    if (made.some(({ error }) => error !== undefined)) {
      setOutcomes(made)
      return
    }
    onClose()
    noteDone(done(made.length))
  }
  return { make, progress, result: outcomes && <Outcomes outcomes={outcomes} /> }
}

function Progress({ done, all }: { readonly done: number; readonly all: number }) {
  const text = view.progress(done, all)
  return (
    <>
      <ProgressBar value={done} max={all} aria-label={text} />
      <Text role="status">{text}</Text>
    </>
  )
}

const useStyles = makeStyles({ list: { margin: 0, paddingLeft: tokens.spacingHorizontalXL } })

function Outcomes({ outcomes }: { readonly outcomes: readonly Outcome[] }) {
  const styles = useStyles()
  const failed = outcomes.filter(({ error }) => error !== undefined)
  return (
    <>
      <Text>{view.done(outcomes.length - failed.length)}</Text>
      <Text weight="semibold">{view.failed(failed.length)}</Text>
      <ul className={styles.list}>
        {failed.map(({ reference, error }, index) => (
          // Several changes can have the same reference.
          <li key={index}>
            <Name>{shortDigest(reference)}</Name>: <Name>{error}</Name>
          </li>
        ))}
      </ul>
    </>
  )
}

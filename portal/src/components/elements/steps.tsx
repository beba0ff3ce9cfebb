import { Button, Text, makeStyles, tokens } from '@fluentui/react-components'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { rightsTexts } from '../texts/rights.ts'
import { texts } from '../texts/texts.ts'
import { words } from '../texts/words.ts'
import { Section } from './page.tsx'

const useStyles = makeStyles({
  steps: {
    display: 'grid',
    rowGap: tokens.spacingVerticalL,
    gridTemplateColumns: 'minmax(0, 1fr)',
    outlineStyle: 'none',
  },
  buttons: { display: 'flex', flexWrap: 'wrap', gap: tokens.spacingHorizontalM },
})

export type Step = {
  readonly title: string
  readonly content: ReactNode
  /** Whether the next step may follow. The last step has its own button. */
  readonly isReady?: boolean
}

type StepsProps = {
  readonly steps: readonly Step[]
  readonly onLeave: () => void
}

/** Steps that follow each other. Back keeps what was entered. */
export function Steps({ steps, onLeave }: StepsProps) {
  const styles = useStyles()
  const [at, setAt] = useState(0)
  const place = useRef<HTMLDivElement>(null)
  const moved = useRef(false)
  useEffect(() => {
    if (moved.current) place.current?.focus()
  }, [at])
  const move = (to: number) => {
    moved.current = true
    setAt(to)
  }
  const step = steps[at]
  if (step === undefined) return null
  const isLast = at === steps.length - 1
  return (
    <div ref={place} className={styles.steps} tabIndex={-1}>
      <Text>
        {words.step} {at + 1} {words.of} {steps.length}
      </Text>
      <Section title={step.title}>{step.content}</Section>
      <div className={styles.buttons}>
        {at > 0 && <Button onClick={() => move(at - 1)}>{rightsTexts.back}</Button>}
        {!isLast && (
          <Button appearance="primary" disabled={step.isReady !== true} onClick={() => move(at + 1)}>
            {rightsTexts.next}
          </Button>
        )}
        <Button appearance="subtle" onClick={onLeave}>
          {texts.cancel}
        </Button>
      </div>
    </div>
  )
}

import { Button, Link, Text, makeStyles, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { AppLink } from '../../components/elements/app-link.tsx'
import { Section } from '../../components/elements/page.tsx'
import { StateBadge } from '../../components/identities/state-badge.tsx'
import { identitiesTexts } from '../../components/texts/identities.ts'
import { useFirstRun } from './use-first-run.ts'

const view = identitiesTexts.firstRun

const useStyles = makeStyles({
  list: { display: 'grid', rowGap: tokens.spacingVerticalM, margin: 0, padding: 0, listStyleType: 'none' },
  step: {
    display: 'grid',
    gridTemplateColumns: '5rem minmax(0, 1fr)',
    columnGap: tokens.spacingHorizontalM,
    alignItems: 'start',
  },
  text: { display: 'grid', justifyItems: 'start' },
})

type FirstRunProps = {
  readonly subscriptionId: string | undefined
  /** Whether the person may read the audit log. */
  readonly readsEvents: boolean
  readonly registryName: string | undefined
  readonly hasPushes: boolean
}

/** What an owner does first, until it is done or dismissed. */
export function FirstRun({ subscriptionId, readsEvents, registryName, hasPushes }: FirstRunProps) {
  const styles = useStyles()
  const { steps, dismiss } = useFirstRun(subscriptionId, { readsEvents, hasPushes })
  if (steps === undefined) return undefined
  const push =
    registryName === undefined ? (
      <Text>{view.push}</Text>
    ) : (
      <AppLink to="/r/$registry" params={{ registry: registryName }}>
        {view.push}
      </AppLink>
    )
  return (
    <Section title={view.title}>
      <ol className={styles.list}>
        <Step isDone={steps.own.password} text={steps.server ? view.passwordText : view.givenPasswordText}>
          <Link href="/account/password">{view.password}</Link>
        </Step>
        <Step isDone={steps.own.factor} text={view.factorText}>
          <Link href="/account/security">{view.factor}</Link>
        </Step>
        {steps.server !== undefined && (
          <>
            <Step isDone={steps.server.push} text={view.pushText}>
              {push}
            </Step>
            <Step isDone={steps.server.colleague} text={view.colleagueText}>
              <AppLink to="/people" search={{ create: 'true' }}>
                {view.colleague}
              </AppLink>
            </Step>
            <Step isDone={steps.server.job} text={view.jobText}>
              <AppLink to="/applications">{view.job}</AppLink>
            </Step>
          </>
        )}
      </ol>
      <div>
        <Button onClick={dismiss}>{view.dismiss}</Button>
      </div>
    </Section>
  )
}

type StepProps = { readonly isDone: boolean; readonly text: string; readonly children: ReactNode }

function Step({ isDone, text, children }: StepProps) {
  const styles = useStyles()
  return (
    <li className={styles.step}>
      {isDone ? <StateBadge text={view.done} color="success" /> : <StateBadge text={view.open} color="informative" />}
      <div className={styles.text}>
        {children}
        <Text size={200}>{text}</Text>
      </div>
    </li>
  )
}

import { Button, Subtitle1, makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { ArrowClockwiseRegular, CodeRegular } from '@fluentui/react-icons'
import { useQueryClient } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { Fragment, type ReactNode, useEffect, useId, useRef } from 'react'
import { texts } from '../texts/texts.ts'
import { visibleName } from '../texts/visible-name.ts'
import { useCommandPanel, useShownCommands } from './commands.ts'
import { Name } from './name.tsx'
import { TrailLink } from './trail-link.tsx'

const useStyles = makeStyles({
  page: { display: 'grid', rowGap: tokens.spacingVerticalL, gridTemplateColumns: 'minmax(0, 1fr)' },
  /** For a view of a list with facts: the first row is near the top. */
  dense: { rowGap: tokens.spacingVerticalSNudge },
  head: { display: 'grid', rowGap: tokens.spacingVerticalXS, gridTemplateColumns: 'minmax(0, 1fr)' },
  trail: {
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: tokens.spacingHorizontalSNudge,
    fontSize: tokens.fontSizeBase200,
    lineHeight: tokens.lineHeightBase200,
    color: tokens.colorNeutralForeground2,
    overflowWrap: 'anywhere',
  },
  bar: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalS, minHeight: '32px' },
  title: { overflowWrap: 'anywhere', margin: 0, fontSize: '22px', lineHeight: '32px', fontWeight: 600 },
  actions: {
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: tokens.spacingHorizontalS,
    marginLeft: 'auto',
  },
  section: {
    display: 'grid',
    rowGap: tokens.spacingVerticalM,
    gridTemplateColumns: 'minmax(0, 1fr)',
    outlineStyle: 'none',
  },
  heading: { overflowWrap: 'anywhere', margin: 0, fontSize: tokens.fontSizeBase400 },
})

type PageProps = {
  readonly title: string
  /** Links to the views above this one, between the registry and the title. */
  readonly parents?: readonly ReactNode[]
  /** What stands beside the title, such as badges. */
  readonly beside?: ReactNode
  /** The buttons of the view. The main action is the last one. */
  readonly actions?: ReactNode
  /** The facts below the title. */
  readonly facts?: ReactNode
  readonly children: ReactNode
}

/** A view: its path, its heading, which is also the title of the window, its actions, and its sections. */
export function Page({ title, parents = [], beside, actions, facts, children }: PageProps) {
  const styles = useStyles()
  useEffect(() => {
    document.title = `${visibleName(title)} – ${texts.product}`
  }, [title])
  return (
    <div className={mergeClasses(styles.page, facts !== undefined && styles.dense)}>
      <div className={styles.head}>
        <Trail parents={parents} title={title} />
        <div className={styles.bar}>
          <h1 className={styles.title} tabIndex={-1}>
            <Name>{title}</Name>
          </h1>
          {beside}
          <div className={styles.actions}>
            <PageButtons />
            {actions}
          </div>
        </div>
        {facts}
      </div>
      {children}
    </div>
  )
}

/** The path to the view: its registry, the views between, and its title. */
function Trail({ parents, title }: { readonly parents: readonly ReactNode[]; readonly title: string }) {
  const styles = useStyles()
  const { registry } = useParams({ strict: false })
  if (registry === undefined && parents.length === 0) return null
  return (
    <nav className={styles.trail} aria-label={texts.header.breadcrumb}>
      {registry !== undefined && (
        <>
          <TrailLink to="/r/$registry" params={{ registry }}>
            {registry}
          </TrailLink>
          <span aria-hidden>/</span>
        </>
      )}
      {parents.map((parent, index) => (
        // The links of a path have no other identity than their place.
        <Fragment key={index}>
          {parent}
          <span aria-hidden>/</span>
        </Fragment>
      ))}
      <span aria-current="page">
        <Name>{title}</Name>
      </span>
    </nav>
  )
}

/** Reads the view again, and opens the panel of commands. */
function PageButtons() {
  const queries = useQueryClient()
  const commands = useShownCommands()
  const { isOpen, toggle } = useCommandPanel()
  return (
    <>
      <Button
        appearance="subtle"
        icon={<ArrowClockwiseRegular />}
        aria-label={texts.header.refresh}
        title={texts.header.refresh}
        onClick={() => void queries.invalidateQueries({ refetchType: 'active' })}
      />
      {commands.length > 0 && (
        <Button
          appearance="subtle"
          icon={<CodeRegular />}
          aria-label={texts.header.commands}
          title={texts.header.commands}
          aria-expanded={isOpen}
          onClick={toggle}
        />
      )}
    </>
  )
}

type SectionProps = {
  readonly title: string
  /** Whether the heading gets the focus, because the focused element no longer exists. */
  readonly takesFocus?: boolean
  readonly children: ReactNode
}

/** A part of a view with a heading. */
export function Section({ title, takesFocus = false, children }: SectionProps) {
  const styles = useStyles()
  const id = useId()
  const section = useRef<HTMLElement>(null)
  useEffect(() => {
    if (takesFocus) section.current?.focus()
  }, [takesFocus])
  return (
    <section ref={section} className={styles.section} aria-labelledby={id} {...(takesFocus && { tabIndex: -1 })}>
      <Subtitle1 as="h2" id={id} className={styles.heading}>
        {title}
      </Subtitle1>
      {children}
    </section>
  )
}

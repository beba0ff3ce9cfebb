import { Subtitle1, Title2, makeStyles, tokens } from '@fluentui/react-components'
import { type ReactNode, useEffect, useId, useRef } from 'react'
import { texts } from '../texts/texts.ts'
import { visibleName } from '../texts/visible-name.ts'
import { Name } from './name.tsx'

const useStyles = makeStyles({
  page: { display: 'grid', rowGap: tokens.spacingVerticalXXL, gridTemplateColumns: 'minmax(0, 1fr)' },
  title: { overflowWrap: 'anywhere', margin: 0 },
  section: {
    display: 'grid',
    rowGap: tokens.spacingVerticalM,
    gridTemplateColumns: 'minmax(0, 1fr)',
    outlineStyle: 'none',
  },
})

/** A view: its heading, which is also the title of the window, and its sections. */
export function Page({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const styles = useStyles()
  useEffect(() => {
    document.title = `${visibleName(title)} – ${texts.product}`
  }, [title])
  return (
    <div className={styles.page}>
      <Title2 as="h1" className={styles.title} tabIndex={-1}>
        <Name>{title}</Name>
      </Title2>
      {children}
    </div>
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
      <Subtitle1 as="h2" id={id} className={styles.title}>
        {title}
      </Subtitle1>
      {children}
    </section>
  )
}

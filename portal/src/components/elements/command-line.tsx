import type { ReactNode } from 'react'
import { texts } from '../texts/texts.ts'
import { CopyText } from './copy-text.tsx'
import { Section } from './page.tsx'

/** The part of a view with the command that shows or does the same, and perhaps further commands. */
export function CommandLine({ text, children }: { readonly text: string; readonly children?: ReactNode }) {
  return (
    <Section title={texts.commandLine}>
      <CopyText label={texts.commandLine} text={text} />
      {children}
    </Section>
  )
}

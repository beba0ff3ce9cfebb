import { CommandLine } from '../../components/elements/command-line.tsx'
import { Page } from '../../components/elements/page.tsx'
import { texts } from '../../components/texts/texts.ts'
import { OwnDenials } from './own-denials.tsx'

/** The denied requests of the person, which need no role to read. */
export function MyDenials() {
  return (
    <Page title={texts.navigationView.rows.denials}>
      <OwnDenials />
      <CommandLine text="acrux acr why --last --own" />
    </Page>
  )
}

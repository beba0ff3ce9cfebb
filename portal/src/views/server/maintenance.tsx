import type { ReactNode } from 'react'
import { useSession } from '../../api/use-session.ts'
import { CopyText } from '../../components/elements/copy-text.tsx'
import { Section } from '../../components/elements/page.tsx'
import { serverTexts } from '../../components/texts/server.ts'
import { texts } from '../../components/texts/texts.ts'
import { BackupSection } from './backup.tsx'
import { CollectionSection } from './collection.tsx'
import { ScrubSection } from './scrub.tsx'
import { UnlessHidden } from './unless-hidden.tsx'
import { useCollection } from './use-server.ts'

type MaintenanceProps = { readonly subscription: string; readonly hidden: ReactNode }

/** Garbage collection, scrub and backup. */
export function Maintenance({ subscription, hidden }: MaintenanceProps) {
  const { query } = useCollection(subscription)
  const { data: session } = useSession()
  const collect = `${subscription}/providers/Acrux.Server/garbageCollection?api-version=2024-11-01`
  const backup = 'acrux backup create /backup/acrux --data-dir /var/lib/acrux'
  return (
    <UnlessHidden query={query} hidden={hidden}>
      <CollectionSection subscription={subscription} />
      <ScrubSection subscription={subscription} />
      <BackupSection subscription={subscription} />
      <Section title={texts.commandLine}>
        <CopyText label={serverTexts.collection} text={`az rest --method post --url "${collect}"`} />
        <CopyText label={serverTexts.scrub} text={`acrux scrub --server ${session?.publicOrigin ?? ''}`} />
        <CopyText label={serverTexts.backup} text={backup} />
        <CopyText label={serverTexts.verifyBackup} text="acrux backup verify /backup/acrux" />
      </Section>
    </UnlessHidden>
  )
}

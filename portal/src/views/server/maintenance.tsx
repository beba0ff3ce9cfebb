import type { ReactNode } from 'react'
import { useSession } from '../../api/use-session.ts'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { serverTexts } from '../../components/texts/server.ts'
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
      <CommandLine
        label={serverTexts.collection}
        text={`az rest --method post --url "${collect}"`}
        more={[
          { label: serverTexts.scrub, text: `acrux scrub --server ${session?.publicOrigin ?? ''}` },
          { label: serverTexts.backup, text: backup },
          { label: serverTexts.verifyBackup, text: 'acrux backup verify /backup/acrux' },
        ]}
      />
    </UnlessHidden>
  )
}

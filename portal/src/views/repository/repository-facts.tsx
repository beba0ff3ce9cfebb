import { sizeText } from '@acrux/shared/texts/size-text.ts'
import { LockClosedRegular } from '@fluentui/react-icons'
import type { RepositoryProperties } from '../../api/content-types.ts'
import { FactLine } from '../../components/elements/fact-line.tsx'
import { accessText } from '../../components/registries/access-text.ts'
import { isLocked } from '../../components/registries/locks.ts'
import { repositoryTexts } from '../../components/texts/repository.ts'
import { words } from '../../components/texts/words.ts'
import { type RepositoryPlace, useRepositoryRow } from './use-repository.ts'

const view = repositoryTexts.facts

type RepositoryFactsProps = {
  readonly place: RepositoryPlace
  readonly properties: RepositoryProperties
  readonly access: ReadonlySet<string>
  /** Whether the first part of the view is shown. The others show bytes and pulls only if they were read before. */
  readonly isFirst: boolean
}

/** The facts of a repository: tags, manifests, bytes, pulls, and what the person may do. */
export function RepositoryFacts({ place, properties, access, isFirst }: RepositoryFactsProps) {
  const row = useRepositoryRow(place, isFirst).data
  const { tagCount, manifestCount, changeableAttributes } = properties
  return (
    <FactLine isWideOnly>
      <>
        <b>{tagCount.toLocaleString('en')}</b> {view.tags(tagCount)} <b>{manifestCount.toLocaleString('en')}</b>{' '}
        {view.manifests(manifestCount)}
      </>
      {row && (
        <>
          <b>{sizeText(row.size)}</b> {view.stored}
        </>
      )}
      {row && (
        <>
          <b>{row.pulls.toLocaleString('en')}</b> {view.pulls}
        </>
      )}
      <>
        {view.youMay} <b>{accessText(access)}</b>
      </>
      {isLocked(changeableAttributes) && (
        <b>
          <LockClosedRegular /> {words.locked}
        </b>
      )}
    </FactLine>
  )
}

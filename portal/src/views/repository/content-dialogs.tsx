import { sizeText } from '@acrux/shared/texts/size-text.ts'
import { Text } from '@fluentui/react-components'
import { useState } from 'react'
import { readManifestProperties } from '../../api/registry.ts'
import { FormDialog } from '../../components/elements/form-dialog.tsx'
import { Name } from '../../components/elements/name.tsx'
import { LockBoxes } from '../../components/registries/lock-boxes.tsx'
import { useChanges } from '../../components/registries/use-changes.tsx'
import { useKeptText } from '../../components/registries/use-kept-text.ts'
import { repositoryTexts } from '../../components/texts/repository.ts'
import type { Chosen } from './chosen.ts'
import { namesOf, recentPull } from './effect.ts'
import { type RepositoryPlace, useReadRepositoryAgain } from './use-repository.ts'

const view = repositoryTexts

/** What is done with images or tags. */
export type ContentAction = 'lock' | 'untag' | 'delete'

type DialogProps = {
  readonly place: RepositoryPlace
  readonly chosen: readonly Chosen[]
  /** Whether tags are chosen, and not images. */
  readonly areTags: boolean
  readonly onClose: () => void
}

/** Asks before an action on images or tags, and says what became of each. */
export function ContentDialog({ action, ...props }: DialogProps & { readonly action: ContentAction }) {
  switch (action) {
    case 'lock':
      return <LockMany {...props} />
    case 'untag':
      return <Untag {...props} />
    case 'delete':
      return <Delete {...props} />
  }
}

/** The changes of a dialog of a repository. */
function useContentChanges({ place, onClose }: DialogProps) {
  return useChanges({ place, readAgain: useReadRepositoryAgain(place), onClose })
}

/** All tags of images, also those that the list does not have. */
async function allTagsOf({ loginServer, repository }: RepositoryPlace, chosen: readonly Chosen[]): Promise<string[]> {
  const found: string[] = []
  for (const { digest, tags, tagCount } of chosen) {
    const isWhole = tags.length >= tagCount
    const { signal } = new AbortController()
    const all = isWhole ? tags : (await readManifestProperties(loginServer, repository, digest, signal)).tags
    found.push(...(all ?? []))
  }
  return found
}

const nothingForbidden = { writeEnabled: true, deleteEnabled: true, readEnabled: true, listEnabled: true }

function LockMany(props: DialogProps) {
  const { place, chosen, areTags, onClose } = props
  const [only, ...others] = chosen
  const [locks, setLocks] = useState(others.length === 0 && only !== undefined ? only.locks : nothingForbidden)
  const { make, progress, result } = useContentChanges(props)
  const many = areTags ? view.lock.manyTags(chosen.length) : view.lock.many(chosen.length)
  const lock = async () => {
    const digests = areTags ? [] : chosen.map(({ digest }) => digest)
    const references = [...digests, ...(await allTagsOf(place, chosen))]
    await make(references.map((reference) => ({ operation: 'setAttributes', reference, attributes: locks })))
  }
  return (
    <FormDialog
      title={others.length === 0 && only !== undefined ? view.lock.title(only.name) : many}
      action={view.lock.act}
      onSubmit={lock}
      onClose={onClose}
      progress={progress}
      result={result}
    >
      <LockBoxes locks={locks} onChange={setLocks} />
    </FormDialog>
  )
}

function Untag(props: DialogProps) {
  const { place, chosen, onClose } = props
  const { make, progress, result } = useContentChanges(props)
  const kept = useKeptText(place.loginServer)
  const count = chosen.reduce((sum, { tagCount }) => sum + tagCount, 0)
  const remove = async () =>
    make((await allTagsOf(place, chosen)).map((reference) => ({ operation: 'deleteTag', reference })))
  return (
    <FormDialog
      isDanger
      title={view.untag.title(count)}
      action={view.untag.act(count)}
      isReady={count > 0}
      onSubmit={remove}
      onClose={onClose}
      progress={progress}
      result={result}
    >
      {count === 0 ? (
        <Text>{view.untag.none}</Text>
      ) : (
        <>
          <Text>
            <Name>{namesOf(chosen)}</Name>
          </Text>
          <Text>{view.untag.lost}</Text>
          <RecentPull chosen={chosen} />
          <Text>{kept}</Text>
        </>
      )}
    </FormDialog>
  )
}

function Delete(props: DialogProps) {
  const { place, chosen, onClose } = props
  const { make, progress, result } = useContentChanges(props)
  const kept = useKeptText(place.loginServer)
  const tags = chosen.reduce((sum, { tagCount }) => sum + tagCount, 0)
  const bytes = chosen.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return (
    <FormDialog
      isDanger
      title={view.delete.title(chosen.length)}
      action={view.delete.act(chosen.length)}
      onSubmit={() => make(chosen.map(({ digest }) => ({ operation: 'deleteManifest', reference: digest })))}
      onClose={onClose}
      progress={progress}
      result={result}
    >
      <Text>
        <Name>{view.delete.lost(namesOf(chosen), place.repository)}</Name>
      </Text>
      <Text>{view.delete.takes(view.bulk.losesTags(tags), sizeText(bytes))}</Text>
      <RecentPull chosen={chosen} />
      <Text>{kept}</Text>
    </FormDialog>
  )
}

function RecentPull({ chosen }: { readonly chosen: readonly Chosen[] }) {
  const pulled = recentPull(chosen, Date.now())
  return pulled === undefined ? null : <Text>{pulled}.</Text>
}

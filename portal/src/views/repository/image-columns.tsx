import { evenSizeText } from '@acrux/shared/texts/size-text.ts'
import { makeStyles, tokens } from '@fluentui/react-components'
import { LockClosedRegular } from '@fluentui/react-icons'
import type { TagProperties } from '../../api/content-types.ts'
import type { ImageRow } from '../../api/images.ts'
import { Age } from '../../components/elements/age.tsx'
import { isLocked } from '../../components/registries/locks.ts'
import { platformNames, sizedPlatforms } from '../../components/registries/platform-names.ts'
import { ActorCell } from '../../components/table/cells/actor-cell.tsx'
import { DigestCell } from '../../components/table/cells/digest-cell.tsx'
import { TagChips } from '../../components/table/cells/tag-chips.tsx'
import { TrustIcons } from '../../components/table/cells/trust-icons.tsx'
import { VulnerabilityBadges } from '../../components/table/cells/vulnerability-badges.tsx'
import type { Column } from '../../components/table/columns.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { repositoryTexts } from '../../components/texts/repository.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { ManifestLink } from '../repositories/manifest-link.tsx'

const view = repositoryTexts

/** Where the images of a table are. */
type Place = { readonly registry: string; readonly repository: string }

const useStyles = makeStyles({
  lock: { margin: `0 ${tokens.spacingHorizontalXXS}`, verticalAlign: 'middle', color: tokens.colorNeutralForeground2 },
  chips: { marginLeft: tokens.spacingHorizontalXS },
})

function LockMark() {
  const styles = useStyles()
  return <LockClosedRegular className={styles.lock} role="img" aria-label={words.locked} />
}

function ImageName({ image, place }: { readonly image: ImageRow; readonly place: Place }) {
  const styles = useStyles()
  const { digest, tags, tagCount, locked } = image
  const [newest, ...others] = tags
  return (
    <>
      <ManifestLink {...place} reference={newest?.name ?? digest} />
      {(isLocked(locked) || newest?.locked === true) && <LockMark />}
      {tagCount > 1 && (
        <span className={styles.chips}>
          <TagChips tags={others.map(({ name }) => name)} count={tagCount - 1} />
        </span>
      )}
    </>
  )
}

/** The columns of the images of a repository. */
export function imageColumns(place: Place): readonly Column<ImageRow>[] {
  return [
    {
      id: 'name',
      title: view.image,
      minWidth: 10,
      grow: 1,
      sorts: 'ascending',
      cell: (image) => <ImageName image={image} place={place} />,
    },
    digestColumn(),
    {
      id: 'platforms',
      title: view.platforms,
      width: 6.5,
      dropOrder: 4,
      cell: ({ platforms, type }) => (platforms.length === 0 ? type : platformNames(platforms)),
    },
    sizeColumn(({ size }) => size, 'descending'),
    {
      id: 'vulnerabilities',
      title: imagesTexts.repositories.vulnerabilities,
      width: 7,
      dropOrder: 5,
      onPhone: 'absent',
      cell: ({ vulnerabilities }) => <VulnerabilityBadges counts={vulnerabilities} />,
    },
    {
      id: 'trust',
      title: view.trust,
      width: 2.25,
      dropOrder: 3,
      onPhone: 'absent',
      cell: ({ attached }) => <TrustIcons {...attached} />,
    },
    pushedColumn(({ lastUpdateTime }) => lastUpdateTime),
    pusherColumn(({ pushedBy }) => pushedBy),
    pulledColumn(({ lastPullTime }) => lastPullTime, 'descending'),
    createdColumn(({ createdTime }) => createdTime),
  ]
}

/** The columns of the tags of a repository. */
export function tagColumns(place: Place): readonly Column<TagProperties>[] {
  return [
    {
      id: 'name',
      title: texts.repositoryView.tag,
      minWidth: 10,
      grow: 1,
      sorts: 'ascending',
      cell: ({ name, changeableAttributes }) => (
        <>
          <ManifestLink {...place} reference={name} />
          {isLocked(changeableAttributes) && <LockMark />}
        </>
      ),
    },
    digestColumn(),
    {
      id: 'platforms',
      title: view.platforms,
      width: 13,
      dropOrder: 4,
      cell: ({ manifest }) => (manifest === undefined ? '' : sizedPlatforms(manifest.platforms)),
    },
    sizeColumn(({ manifest }) => manifest?.size),
    pushedColumn(({ lastUpdateTime }) => lastUpdateTime),
    pusherColumn(({ pushedBy }) => pushedBy),
    pulledColumn(({ lastPullTime }) => lastPullTime),
    createdColumn(({ createdTime }) => createdTime),
  ]
}

function digestColumn<Row extends { readonly digest: string }>(): Column<Row> {
  return {
    id: 'digest',
    title: words.digest,
    width: 7,
    dropOrder: 6,
    onPhone: 'absent',
    cell: ({ digest }) => <DigestCell digest={digest} />,
  }
}

function sizeColumn<Row>(sizeOf: (row: Row) => number | undefined, sorts?: 'descending'): Column<Row> {
  const cell = (row: Row) => {
    const bytes = sizeOf(row)
    return bytes === undefined ? '' : evenSizeText(bytes)
  }
  return { id: 'size', title: words.size, width: 4.25, isNumber: true, ...(sorts && { sorts }), cell }
}

function pushedColumn<Row>(timeOf: (row: Row) => string): Column<Row> {
  const cell = (row: Row) => <Age time={timeOf(row)} />
  return { id: 'pushed', title: view.pushed, width: 6, sorts: 'descending', cell }
}

function pusherColumn<Row>(actorOf: (row: Row) => TagProperties['pushedBy']): Column<Row> {
  const cell = (row: Row) => {
    const actor = actorOf(row)
    return actor && <ActorCell {...actor} />
  }
  return { id: 'by', title: imagesTexts.repositories.pushedBy, width: 6.5, dropOrder: 2, onPhone: 'absent', cell }
}

function pulledColumn<Row>(timeOf: (row: Row) => string | undefined, sorts?: 'descending'): Column<Row> {
  const cell = (row: Row) => {
    const time = timeOf(row)
    return time === undefined ? texts.never : <Age time={time} />
  }
  const title = words.lastPulled
  return { id: 'pulled', title, width: 6, dropOrder: 1, onPhone: 'absent', ...(sorts && { sorts }), cell }
}

function createdColumn<Row>(timeOf: (row: Row) => string): Column<Row> {
  return { id: 'created', title: words.created, width: 7.5, isExtra: true, cell: (row) => <Age time={timeOf(row)} /> }
}

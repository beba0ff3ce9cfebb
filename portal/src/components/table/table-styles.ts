import { makeStyles, tokens } from '@fluentui/react-components'

/** The height of the header of the page and of the table, which rows under the keyboard must not scroll below. */
const scrollMarginTop = 'calc(var(--shell-header-height, 0px) + 2.75rem)'

/** The look of a table. All rows share the tracks of one grid. */
export const useTableStyles = makeStyles({
  place: { display: 'flex', flexDirection: 'column', minWidth: 0 },
  table: {
    display: 'grid',
    gridTemplateColumns: 'var(--table-tracks)',
    columnGap: tokens.spacingHorizontalL,
    fontSize: tokens.fontSizeBase300,
    // The bar and the status line are at the end of the window, also below a few rows.
    flexGrow: 1,
    alignContent: 'start',
  },
  group: { display: 'grid', gridColumn: '1 / -1', gridTemplateColumns: 'subgrid', alignContent: 'start' },
  head: {
    position: 'sticky',
    top: 'var(--shell-header-height, 0px)',
    zIndex: 1,
    backgroundColor: tokens.colorNeutralBackground1,
    borderBottom: `1px solid ${tokens.colorNeutralStroke1}`,
  },
  row: {
    display: 'grid',
    gridColumn: '1 / -1',
    gridTemplateColumns: 'subgrid',
    alignItems: 'center',
    boxSizing: 'border-box',
    paddingInline: tokens.spacingHorizontalS,
    minHeight: 'var(--table-row)',
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    scrollMarginTop,
    scrollMarginBottom: '3rem',
    outlineStyle: 'none',
  },
  fixed: { height: 'var(--table-row)' },
  bodyRow: {
    ':hover': { backgroundColor: tokens.colorNeutralBackground1Hover },
    ':focus-visible': {
      boxShadow: `inset 0 1px ${tokens.colorBrandStroke1}, inset 0 -1px ${tokens.colorBrandStroke1}`,
      '@media (forced-colors: active)': { outline: '2px solid Highlight', outlineOffset: '-2px' },
    },
  },
  opening: { cursor: 'pointer' },
  selected: {
    backgroundColor: tokens.colorBrandBackground2,
    ':hover': { backgroundColor: tokens.colorBrandBackground2 },
    '@media (forced-colors: active)': { outline: '1px solid Highlight', outlineOffset: '-1px' },
  },
  changed: { boxShadow: `inset 3px 0 ${tokens.colorBrandStroke1}` },
  cell: { minWidth: 0, overflowWrap: 'anywhere' },
  oneLine: {
    whiteSpace: 'nowrap',
    overflow: 'clip',
    // The focus of a link is visible.
    overflowClipMargin: '4px',
    textOverflow: 'ellipsis',
  },
  manyLines: { paddingBlock: tokens.spacingVerticalXS },
  number: { textAlign: 'right', fontVariantNumeric: 'tabular-nums' },
  title: { fontWeight: tokens.fontWeightSemibold, fontSize: tokens.fontSizeBase200 },
  hidden: {
    position: 'absolute',
    width: '1px',
    height: '1px',
    overflow: 'hidden',
    clipPath: 'inset(50%)',
    whiteSpace: 'nowrap',
  },
  phoneSecond: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
  phoneWrapped: { overflowWrap: 'anywhere' },
  phoneEnd: {
    display: 'flex',
    flexWrap: 'wrap',
    justifyContent: 'end',
    '& button': { minHeight: '2.75rem', minWidth: '2.75rem' },
  },
})

import { compileRegex } from '../../regex.ts';

/** Kinds of text whose mask knows their shape. */
export const MASKS = ['phone', 'id_card', 'email', 'bank_card', 'name'] as const;
type MaskName = (typeof MASKS)[number];

/** How a column's text is masked: plain data, part of the plan. */
export type MaskSpec =
  | { readonly kind: 'named'; readonly name: MaskName }
  | { readonly kind: 'ends'; readonly keepFirst: number; readonly keepLast: number; readonly with: string }
  | { readonly kind: 'pattern'; readonly pattern: string; readonly replacement: string };

/** Text to masked text. Characters are code points; the empty text stays empty. */
export type Mask = (text: string) => string;

const STAR = '*';
/** Stands for a text that is masked as a whole: it does not tell how long the text was. */
const WHOLE_CHARS = 6;
const WHOLE = STAR.repeat(WHOLE_CHARS);

export function createMask(spec: MaskSpec): Mask {
  const mask = maskOf(spec);
  return (text) => (text === '' ? '' : mask(text));
}

function maskOf(spec: MaskSpec): Mask {
  switch (spec.kind) {
    case 'named':
      return NAMED[spec.name];
    case 'ends':
      return (text) => keepEnds(text, spec.keepFirst, spec.keepLast, spec.with);
    case 'pattern':
      return replacing(spec.pattern, spec.replacement);
  }
}

const PHONE = /^((?:\+|00)?86[ -]?)?(1\d\d)([ -]?)\d{4}([ -]?)(\d{4})$/;
const ID_CARD = /^(?:\d{15}|\d{17}[\dXx])$/;
/** Groups of any length, one blank or hyphen between them. */
const BANK_CARD = /^\d+(?:[ -]\d+)*$/;
const EMAIL = /^([^\s@])[^\s@]*(@[^\s@.]+(?:\.[^\s@.]+)+)$/u;
const NAME_CHARS = 64;

/**
 * What each keeps; a text of another shape is masked as a whole.
 *
 * phone      | a Chinese mobile number: the prefix +86, the first three digits and the last four
 * id_card    | 18 (the last may be X) or 15 digits: the first three and the last four
 * bank_card  | 12 to 19 digits, perhaps in groups: the last four
 * email      | the first character, unless it is the only one before the @, and all from the @ on
 * name       | 2 to 64 characters: the first
 */
const NAMED: Readonly<Record<MaskName, Mask>> = {
  phone: (text) => (PHONE.test(text) ? text.replace(PHONE, '$1$2$3****$4$5') : WHOLE),
  id_card: (text) => (ID_CARD.test(text) ? keepEnds(text, 3, 4, STAR) : WHOLE),
  bank_card: maskBankCard,
  email: maskEmail,
  name: maskName,
};

function maskBankCard(text: string): string {
  const digits = text.replace(/[ -]/g, '').length;
  if (!BANK_CARD.test(text) || digits < 12 || digits > 19) return WHOLE;
  let left = digits - 4;
  return text.replace(/\d/g, (digit) => (left-- > 0 ? STAR : digit));
}

function maskEmail(text: string): string {
  const [whole, first, domain] = EMAIL.exec(text) ?? [];
  if (whole === undefined || first === undefined) return WHOLE;
  return first + domain === whole ? `***${domain}` : `${first}***${domain}`;
}

function maskName(text: string): string {
  const characters = [...text];
  if (characters.length < 2 || characters.length > NAME_CHARS) return WHOLE;
  return characters[0] + STAR.repeat(characters.length - 1);
}

/** At least a third of the characters is masked: a text too short for that is masked as a whole. */
function keepEnds(text: string, first: number, last: number, mark: string): string {
  const characters = [...text];
  const masked = characters.length - first - last;
  if (masked * 3 < characters.length) return mark.repeat(WHOLE_CHARS);
  const end = characters.length - last;
  return characters.slice(0, first).join('') + mark.repeat(masked) + characters.slice(end).join('');
}

/** What the pattern does not match anywhere is no text of the expected shape. */
function replacing(pattern: string, replacement: string): Mask {
  const regex = compileRegex(pattern);
  return (text) => (regex.test(text) ? regex.replace(text, replacement) : WHOLE);
}

/**
 * JSON without loss of precision: every number keeps the characters it was written with.
 *
 * FHIR decimals mean their precision (`5.0` is not `5`), which a float cannot hold.
 */

/** A number as it was written. */
export class Decimal {
  constructor(readonly text: string) {}

  /** For plots and comparisons, never for what is shown or sent. */
  toNumber(): number {
    return Number(this.text);
  }

  toString(): string {
    return this.text;
  }
}

/** Accepts what FHIR accepts as a decimal, and nothing else. */
export function decimal(text: string): Decimal | undefined {
  const trimmed = text.trim().replace(',', '.');
  return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(trimmed) ? new Decimal(trimmed) : undefined;
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// oxlint-disable-next-line no-control-regex -- JSON forbids control characters in strings
const STRING = /"(?:[^"\\\u0000-\u001f]|\\.)*"/y;
/** Most strings, which need no decoding. */
// oxlint-disable-next-line no-control-regex -- JSON forbids control characters in strings
const PLAIN = /"[^"\\\u0000-\u001f]*"/y;
const SPACE = /[ \t\r\n]*/y;
const DEEPEST = 200;

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  document(): unknown {
    const value = this.value(0);
    this.space();
    if (this.at < this.text.length) throw this.error();
    return value;
  }

  private value(depth: number): unknown {
    if (depth > DEEPEST) throw this.error();
    this.space();
    switch (this.text[this.at]) {
      case '{':
        return this.object(depth);
      case '[':
        return this.array(depth);
      case '"':
        return this.string();
      case 't':
        return this.word('true', true);
      case 'f':
        return this.word('false', false);
      case 'n':
        return this.word('null', null);
      default:
        return new Decimal(this.match(NUMBER));
    }
  }

  private object(depth: number): Record<string, unknown> {
    const found: Record<string, unknown> = {};
    this.at += 1;
    this.space();
    if (this.skip('}')) return found;
    do {
      this.space();
      const name = this.string();
      this.space();
      if (!this.skip(':')) throw this.error();
      const value = this.value(depth + 1);
      // `__proto__` is a name like any other, but an assignment to it is not.
      if (name === '__proto__') Object.defineProperty(found, name, { value, enumerable: true, writable: true, configurable: true });
      else found[name] = value;
      this.space();
    } while (this.skip(','));
    if (!this.skip('}')) throw this.error();
    return found;
  }

  private array(depth: number): unknown[] {
    const found: unknown[] = [];
    this.at += 1;
    this.space();
    if (this.skip(']')) return found;
    do {
      found.push(this.value(depth + 1));
      this.space();
    } while (this.skip(','));
    if (!this.skip(']')) throw this.error();
    return found;
  }

  private string(): string {
    PLAIN.lastIndex = this.at;
    if (!PLAIN.test(this.text)) return JSON.parse(this.match(STRING)) as string;
    const begin = this.at + 1;
    this.at = PLAIN.lastIndex;
    return this.text.slice(begin, this.at - 1);
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw this.error();
    this.at += word.length;
    return value;
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (!found) throw this.error();
    this.at += found.length;
    return found;
  }

  private space(): void {
    // What the server sends has no space at all.
    if (this.text.charCodeAt(this.at) > 32) return;
    SPACE.lastIndex = this.at;
    this.at += SPACE.exec(this.text)?.[0].length ?? 0;
  }

  private skip(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private error(): SyntaxError {
    return new SyntaxError(`not JSON at character ${this.at}`);
  }
}

/** Reads JSON; numbers become {@link Decimal}. */
export function parse(text: string): unknown {
  return new Reader(text).document();
}

/** Writes JSON; a {@link Decimal} comes out as it came in. Undefined members are left out. */
export function stringify(value: unknown): string {
  if (value instanceof Decimal) return value.text;
  if (Array.isArray(value)) return `[${value.map((item) => stringify(item ?? null)).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${stringify(member)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** The value with its numbers as floats: for counts, minutes and versions, never for what was measured. */
export function counted(value: unknown): unknown {
  if (value instanceof Decimal) return value.toNumber();
  if (Array.isArray(value)) return value.map(counted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, counted(member)]));
}

// Subtitles that read well: two lines, whole phrases, time enough to read them.
// The rules are those of the command line, so that both write the same files.

import { UNSPACED } from "./scripts.js";

/** @typedef {import("./exports.js").Utterance} Utterance */
/** @typedef {{text: string, start: number, end: number}} Piece A word with the space before it. */
/** @typedef {{start: number, end: number, lines: string[]}} Cue */

const LINE_CHARACTERS = 42;
const LINES = 2;
const MOST_SECONDS = 7;
const LEAST_SECONDS = 1;
const GAP_SECONDS = 0.08;
const PAUSE_SECONDS = 0.8;
const BREAKS = [".!?…。！？", ",;:—，、；："];

/**
 * The subtitles of a recording, in order and never at the same time.
 * @param {Utterance[]} utterances
 * @returns {Cue[]}
 */
export function cues(utterances) {
  const found = utterances.flatMap((utterance) =>
    groups(pieces(utterance)).map((group) => ({
      start: group[0].start,
      end: group[group.length - 1].end,
      lines: wrapped(textOf(group)),
    })),
  );
  return found.map((cue, index) => longEnough(cue, found[index + 1]?.start));
}

/** @param {Piece[]} group */
function textOf(group) {
  return group.map((piece) => piece.text).join("").trim();
}

/**
 * The words, or characters, of an utterance with their times.
 * @param {Utterance} utterance
 * @returns {Piece[]}
 */
export function pieces({ text, start, end, words = [] }) {
  const texts = split(text);
  if (words.length === texts.length && texts.every((each, index) => each.trim() === words[index].word.trim())) {
    return texts.map((each, index) => ({
      text: each,
      start: Math.max(start, words[index].start),
      end: Math.min(Math.max(words[index].end, words[index].start), end),
    }));
  }
  // Without times of words, each character takes as long as another.
  const total = texts.reduce((sum, each) => sum + [...each].length, 0) || 1;
  let place = 0;
  const timeAt = () => start + ((end - start) * place) / total;
  return texts.map((each) => {
    const from = timeAt();
    place += [...each].length;
    return { text: each, start: from, end: timeAt() };
  });
}

/** @param {string} text */
function split(text) {
  const words = text.trim().match(/\s*\S+/g) ?? [];
  return words.flatMap((word) => (UNSPACED.test(word) ? characters(word) : [word]));
}

/** @param {string} word */
function characters(word) {
  return word.match(/\s*(?:[A-Za-z0-9]+|\S)[^\p{L}\p{N}_\s]*/gu) ?? [word];
}

/**
 * @param {Piece[]} all
 * @returns {Piece[][]}
 */
function groups(all) {
  const done = [];
  /** @type {Piece[]} */
  let group = [];
  for (const piece of all) {
    if (group.length && !fits(group, piece)) {
      const at = bestBreak(group);
      done.push(group.slice(0, at));
      group = group.slice(at);
      // What was carried over may leave too little room still.
      if (group.length && !fits(group, piece)) {
        done.push(group);
        group = [];
      }
    }
    group.push(piece);
  }
  return group.length ? [...done, group] : done;
}

/**
 * @param {Piece[]} group
 * @param {Piece} piece
 */
function fits(group, piece) {
  return (
    wrapped(textOf([...group, piece])).length <= LINES &&
    piece.end - group[0].start <= MOST_SECONDS &&
    piece.start - group[group.length - 1].end < PAUSE_SECONDS
  );
}

/** @param {Piece[]} group */
function bestBreak(group) {
  for (const ends of BREAKS) {
    for (let at = group.length; at > Math.floor(group.length / 3); at -= 1) {
      if (ends.includes(group[at - 1].text.slice(-1))) return at;
    }
  }
  return group.length;
}

/** @param {string} text */
function wrapped(text) {
  const lines = filled(text, LINE_CHARACTERS);
  if (lines.length !== LINES) return lines;
  for (let width = Math.floor(([...text].length + 1) / LINES); width < LINE_CHARACTERS; width += 1) {
    const even = filled(text, width);
    if (even.length === LINES && even.every((line) => [...line].length <= width)) return even;
  }
  return lines;
}

/**
 * @param {string} text
 * @param {number} width
 */
function filled(text, width) {
  const lines = [];
  let line = "";
  for (const piece of split(text)) {
    if (line && [...(line + piece).trim()].length > width) {
      lines.push(line.trim());
      line = "";
    }
    line += piece;
  }
  return line.trim() ? [...lines, line.trim()] : lines;
}

/**
 * A short cue stays a little longer, as far as the next one allows.
 * @param {Cue} cue
 * @param {number} [next]
 */
function longEnough(cue, next) {
  let end = Math.max(cue.end, cue.start + LEAST_SECONDS);
  if (next !== undefined) {
    end = Math.min(end, Math.max(next - GAP_SECONDS, cue.start + GAP_SECONDS));
    end = Math.min(end, Math.max(next, cue.start));
  }
  return { ...cue, end };
}

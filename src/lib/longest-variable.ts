/** Linux refuses to start a program with a longer `NAME=value` (MAX_ARG_STRLEN, 128 KiB with the final NUL). */
export const longestVariableBytes = 131_071;

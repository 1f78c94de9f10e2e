/* SPDX-License-Identifier: MIT */
/*
 * The real-time clock: the domain's wall clock plus what SetTime moved it by (EFI 1.10, 5.3). Times
 * are UTC, or local to the time zone the system chose to keep with them.
 */
#include "base/clock.h"
#include "fw/efi.h"

#define NS_PER_S     1000000000ll
#define S_PER_DAY    86400ll
#define ZONE_NONE    0x7ff
#define YEAR_FIRST   1900
#define YEAR_LAST    9999
#define ACCURACY_PPM 50000000u /* 50 parts per million, in millionths of that */

struct efi_time {
	uint16_t year;
	uint8_t month, day, hour, minute, second, pad1;
	uint32_t nanosecond;
	int16_t time_zone;
	uint8_t daylight, pad2;
};

struct efi_time_capabilities {
	uint32_t resolution, accuracy;
	uint8_t sets_to_zero;
	uint8_t pad[3];
};

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar; years start in March, so that
 * leap days come last. */
static int64_t days_from_date(int64_t y, int64_t m, int64_t d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void date_from_days(int64_t z, struct efi_time *t)
{
	z += 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;
	t->day = (uint8_t)(doy - (153 * mp + 2) / 5 + 1);
	t->month = (uint8_t)month;
	t->year = (uint16_t)(yoe + era * 400 + (month <= 2));
}

static void time_from_ns(int64_t ns, struct efi_time *t)
{
	int64_t s = ns / NS_PER_S - (ns % NS_PER_S < 0);
	int64_t day = s / S_PER_DAY - (s % S_PER_DAY < 0);
	int64_t rest = s - day * S_PER_DAY;
	date_from_days(day, t);
	t->nanosecond = (uint32_t)(ns - s * NS_PER_S);
	t->hour = (uint8_t)(rest / 3600);
	t->minute = (uint8_t)(rest / 60 % 60);
	t->second = (uint8_t)(rest % 60);
}

static unsigned days_in_month(unsigned year, unsigned month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap);
}

static bool time_is_valid(const struct efi_time *t)
{
	if (t->year < YEAR_FIRST || t->year > YEAR_LAST || t->month < 1 || t->month > 12 ||
		t->day < 1 || t->day > days_in_month(t->year, t->month))
		return false;
	bool zone = t->time_zone == ZONE_NONE || (t->time_zone >= -1440 && t->time_zone <= 1440);
	return t->hour < 24 && t->minute < 60 && t->second < 60 && t->nanosecond < NS_PER_S &&
	       zone && t->daylight < 4;
}

static int64_t now(const struct fw *fw)
{
	int64_t ns;
	if (__builtin_add_overflow(clock_wall(&fw->machine->clock), fw->time_offset, &ns))
		return 0;
	return ns;
}

/* Time, capabilities (optional). */
uint64_t efi_get_time(struct fw_call *c)
{
	const struct efi_time_capabilities cap = {
		.resolution = (uint32_t)NS_PER_S, .accuracy = ACCURACY_PPM};
	struct efi_time t = {.time_zone = c->fw->time_zone, .daylight = c->fw->daylight};
	if (!c->arg[0] || !fw_writable(c, c->arg[0], sizeof(t)) ||
		(c->arg[1] && !fw_writable(c, c->arg[1], sizeof(cap))))
		return EFI_INVALID_PARAMETER;
	time_from_ns(now(c->fw), &t);
	fw_write(c, c->arg[0], &t, sizeof(t));
	if (c->arg[1])
		fw_write(c, c->arg[1], &cap, sizeof(cap));
	return EFI_SUCCESS;
}

/* The difference to the domain's wall clock is what is kept. */
uint64_t efi_set_time(struct fw_call *c)
{
	struct efi_time t;
	if (!c->arg[0] || !fw_read(c, c->arg[0], &t, sizeof(t)) || !time_is_valid(&t))
		return EFI_INVALID_PARAMETER;
	int64_t s = days_from_date(t.year, t.month, t.day) * S_PER_DAY + t.hour * 3600 +
		    t.minute * 60 + t.second;
	int64_t ns;
	if (__builtin_mul_overflow(s, NS_PER_S, &ns) ||
		__builtin_add_overflow(ns, (int64_t)t.nanosecond, &ns) ||
		__builtin_sub_overflow(ns, clock_wall(&c->fw->machine->clock), &ns))
		return EFI_INVALID_PARAMETER;
	c->fw->time_offset = ns;
	c->fw->time_zone = t.time_zone;
	c->fw->daylight = t.daylight;
	return EFI_SUCCESS;
}

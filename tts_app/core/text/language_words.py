"""Units, currencies and operators of some languages, for numbers in their texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

SYMBOLS = (
    "km",
    "m",
    "cm",
    "mm",
    "kg",
    "g",
    "mg",
    "l",
    "ml",
    "km/h",
    "m/s",
    "m²",
    "km²",
    "m³",
    "°C",
    "°F",
    "GB",
    "MB",
    "TB",
    "kW",
    "kWh",
    "W",
    "V",
    "Hz",
    "kHz",
    "MHz",
    "GHz",
    "h",
    "min",
)
OPERATORS = ("<", ">", "≤", "≥", "×", "÷", "-", "^", "–")
CURRENCIES = ("$", "€", "£", "¥")

Names = tuple[str, str]
"""In the singular and in the plural."""


@dataclass(frozen=True)
class LanguageWords:
    """The words of one language."""

    units: Mapping[str, Names]
    operators: Mapping[str, str]
    currencies: Mapping[str, Names]
    abbreviations: Mapping[str, str]
    joint: str
    """Between whole units of money and hundredths."""


def _names(text: str) -> Iterator[Names]:
    """`Meter, Grad Celsius, Stunde|Stunden`: one name for both, or two."""
    for name in text.split(", "):
        one, _, many = name.partition("|")
        yield one, many or one


def _words(
    units: str, operators: str, currencies: str, short: str, joint: str = ""
) -> LanguageWords:
    return LanguageWords(
        dict(zip(SYMBOLS, _names(units), strict=True)),
        dict(zip(OPERATORS, operators.split(", "), strict=True)),
        dict(zip(CURRENCIES, _names(currencies), strict=True)),
        dict(each.split("|") for each in short.split(", ")),
        joint,
    )


LANGUAGES: Mapping[str, LanguageWords] = {
    "de": _words(
        "Kilometer, Meter, Zentimeter, Millimeter, Kilogramm, Gramm, Milligramm, Liter,"
        " Milliliter, Kilometer pro Stunde, Meter pro Sekunde, Quadratmeter,"
        " Quadratkilometer, Kubikmeter, Grad Celsius, Grad Fahrenheit, Gigabyte,"
        " Megabyte, Terabyte, Kilowatt, Kilowattstunde|Kilowattstunden, Watt, Volt, Hertz,"
        " Kilohertz, Megahertz, Gigahertz, Stunde|Stunden, Minute|Minuten",
        "ist kleiner als, ist größer als, ist höchstens, ist mindestens, mal, geteilt durch,"
        " minus, hoch, bis",
        "Dollar, Euro, Pfund, Yen",
        "z. B.|zum Beispiel, z.B.|zum Beispiel, d. h.|das heißt, d.h.|das heißt,"
        " u. a.|unter anderem, u.a.|unter anderem, usw.|und so weiter, bzw.|beziehungsweise,"
        " ca.|circa, Nr.|Nummer, Dr.|Doktor, Prof.|Professor, Hr.|Herr, Fr.|Frau,"
        " Mio.|Millionen, Mrd.|Milliarden, vgl.|vergleiche, inkl.|inklusive,"
        " evtl.|eventuell, ggf.|gegebenenfalls, St.|Sankt, Std.|Stunden, Min.|Minuten",
    ),
    "fr": _words(
        "kilomètre|kilomètres, mètre|mètres, centimètre|centimètres,"
        " millimètre|millimètres, kilogramme|kilogrammes, gramme|grammes,"
        " milligramme|milligrammes, litre|litres, millilitre|millilitres,"
        " kilomètre par heure|kilomètres par heure, mètre par seconde|mètres par seconde,"
        " mètre carré|mètres carrés, kilomètre carré|kilomètres carrés,"
        " mètre cube|mètres cubes, degré Celsius|degrés Celsius,"
        " degré Fahrenheit|degrés Fahrenheit, gigaoctet|gigaoctets, mégaoctet|mégaoctets,"
        " téraoctet|téraoctets, kilowatt|kilowatts, kilowattheure|kilowattheures,"
        " watt|watts, volt|volts, hertz, kilohertz, mégahertz, gigahertz, heure|heures,"
        " minute|minutes",
        "est inférieur à, est supérieur à, est au plus, est au moins, fois, divisé par,"
        " moins, puissance, à",
        "dollar|dollars, euro|euros, livre|livres, yen|yens",
        "M.|Monsieur, MM.|Messieurs, Mme|Madame, Mlle|Mademoiselle, Dr|docteur,"
        " p. ex.|par exemple, c.-à-d.|c'est-à-dire, etc.|et cetera, n°|numéro, St|Saint",
    ),
    "es": _words(
        "kilómetro|kilómetros, metro|metros, centímetro|centímetros, milímetro|milímetros,"
        " kilogramo|kilogramos, gramo|gramos, miligramo|miligramos, litro|litros,"
        " mililitro|mililitros, kilómetro por hora|kilómetros por hora,"
        " metro por segundo|metros por segundo, metro cuadrado|metros cuadrados,"
        " kilómetro cuadrado|kilómetros cuadrados, metro cúbico|metros cúbicos,"
        " grado Celsius|grados Celsius, grado Fahrenheit|grados Fahrenheit,"
        " gigabyte|gigabytes, megabyte|megabytes, terabyte|terabytes, kilovatio|kilovatios,"
        " kilovatio hora|kilovatios hora, vatio|vatios, voltio|voltios, hercio|hercios,"
        " kilohercio|kilohercios, megahercio|megahercios, gigahercio|gigahercios,"
        " hora|horas, minuto|minutos",
        "es menor que, es mayor que, es como máximo, es al menos, por, dividido por, menos,"
        " elevado a, a",
        "dólar|dólares, euro|euros, libra|libras, yen|yenes",
        "Sr.|señor, Sra.|señora, Srta.|señorita, Dr.|doctor, Dra.|doctora, Ud.|usted,"
        " Uds.|ustedes, p. ej.|por ejemplo, etc.|etcétera, núm.|número, n.º|número,"
        " EE. UU.|Estados Unidos, pág.|página",
        "con",
    ),
    "it": _words(
        "chilometro|chilometri, metro|metri, centimetro|centimetri, millimetro|millimetri,"
        " chilogrammo|chilogrammi, grammo|grammi, milligrammo|milligrammi, litro|litri,"
        " millilitro|millilitri, chilometro orario|chilometri orari,"
        " metro al secondo|metri al secondo, metro quadrato|metri quadrati,"
        " chilometro quadrato|chilometri quadrati, metro cubo|metri cubi,"
        " grado Celsius|gradi Celsius, grado Fahrenheit|gradi Fahrenheit, gigabyte,"
        " megabyte, terabyte, chilowatt, chilowattora, watt, volt, hertz, chilohertz,"
        " megahertz, gigahertz, ora|ore, minuto|minuti",
        "è minore di, è maggiore di, è al massimo, è almeno, per, diviso, meno, elevato a, a",
        "dollaro|dollari, euro, sterlina|sterline, yen",
        "Sig.|signor, Sig.ra|signora, Dott.|dottor, Dott.ssa|dottoressa, Prof.|professor,"
        " ecc.|eccetera, p. es.|per esempio, n.|numero, pag.|pagina",
        "e",
    ),
    "nl": _words(
        "kilometer, meter, centimeter, millimeter, kilogram, gram, milligram, liter,"
        " milliliter, kilometer per uur, meter per seconde, vierkante meter,"
        " vierkante kilometer, kubieke meter, graad Celsius|graden Celsius,"
        " graad Fahrenheit|graden Fahrenheit, gigabyte, megabyte, terabyte, kilowatt,"
        " kilowattuur, watt, volt, hertz, kilohertz, megahertz, gigahertz, uur,"
        " minuut|minuten",
        "is kleiner dan, is groter dan, is hoogstens, is minstens, keer, gedeeld door, min,"
        " tot de macht, tot",
        "dollar, euro, pond, yen",
        "dhr.|de heer, mevr.|mevrouw, bijv.|bijvoorbeeld, d.w.z.|dat wil zeggen,"
        " enz.|enzovoort, nr.|nummer, ca.|circa, dr.|dokter, blz.|bladzijde, o.a.|onder andere",
    ),
    "pt": _words(
        "quilômetro|quilômetros, metro|metros, centímetro|centímetros,"
        " milímetro|milímetros, quilograma|quilogramas, grama|gramas,"
        " miligrama|miligramas, litro|litros, mililitro|mililitros,"
        " quilômetro por hora|quilômetros por hora, metro por segundo|metros por segundo,"
        " metro quadrado|metros quadrados, quilômetro quadrado|quilômetros quadrados,"
        " metro cúbico|metros cúbicos, grau Celsius|graus Celsius,"
        " grau Fahrenheit|graus Fahrenheit, gigabyte|gigabytes, megabyte|megabytes,"
        " terabyte|terabytes, quilowatt|quilowatts, quilowatt-hora|quilowatts-hora,"
        " watt|watts, volt|volts, hertz, quilohertz, megahertz, gigahertz, hora|horas,"
        " minuto|minutos",
        "é menor que, é maior que, é no máximo, é pelo menos, vezes, dividido por, menos,"
        " elevado a, a",
        "dólar|dólares, euro|euros, libra|libras, iene|ienes",
        "Sr.|senhor, Sra.|senhora, Dr.|doutor, Dra.|doutora, etc.|etcétera, n.º|número,"
        " p. ex.|por exemplo, pág.|página, Prof.|professor",
        "e",
    ),
}

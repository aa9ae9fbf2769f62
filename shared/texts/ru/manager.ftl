### What managers read in amoCRM.

## Custom fields: how setup names them in the card

field-TELEGRAM_ID = Telegram ID
field-TELEGRAM_USERNAME = Telegram username
field-SERVICE_TYPE = Тип услуги
field-CAR_BRAND = Марка
field-CAR_MODEL = Модель
field-CAR_YEAR = Год выпуска
field-BUDGET = Бюджет
field-MILEAGE = Пробег
field-TRANSMISSION = Коробка передач
field-DRIVE_TYPE = Привод
field-BODY_TYPE = Кузов
field-VIN_NUMBER = VIN или госномер
field-CHECK_TYPE = Вид проверки
field-SOURCE = Источник
field-REQUEST_ID = Номер заявки

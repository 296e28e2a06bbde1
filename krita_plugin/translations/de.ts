<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>anycost</name>
    <message>
        <source>Open a picture to begin</source>
        <translation>Öffne zuerst ein Bild</translation>
    </message>
</context>
</TS>
